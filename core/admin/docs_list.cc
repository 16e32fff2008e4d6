// COMMAND DOCS of lists. The columns are those of CommandDoc.
#include "core/admin/command_docs_tables.h"

namespace basalt::docs {
namespace {

// clang-format off
constexpr CommandDoc kListDocs[] = {
    {"blmove", "list", "6.2.0", "O(1)",
     "Moves an element from one list to another, waiting for one if need be.",
     "source:k destination:k wherefrom(LEFT|RIGHT) whereto(LEFT|RIGHT) timeout:d"},
    {"blmpop", "list", "7.0.0", "O(N+M), N keys, M elements returned",
     "Takes elements off the first list that has any, waiting if need be.",
     "timeout:d numkeys:i key:k* where(LEFT|RIGHT) [COUNT=count:i]"},
    {"blpop", "list", "2.0.0", "O(N), N keys",
     "Takes the first element off a list, waiting for one if need be.",
     "key:k* timeout:d"},
    {"brpop", "list", "2.0.0", "O(N), N keys",
     "Takes the last element off a list, waiting for one if need be.",
     "key:k* timeout:d"},
    {"brpoplpush", "list", "2.2.0", "O(1)",
     "Moves the last element of a list to the front of another, waiting if need be.",
     "source:k destination:k timeout:d", "6.2.0", "BLMOVE with RIGHT and LEFT"},
    {"lindex", "list", "1.0.0", "O(N), N elements to get there",
     "Gives the element at a position.",
     "key:k index:i"},
    {"linsert", "list", "2.2.0", "O(N), N elements to get there",
     "Puts an element before or after another.",
     "key:k where(BEFORE|AFTER) pivot element"},
    {"llen", "list", "1.0.0", "O(1)",
     "Gives the length of a list.",
     "key:k"},
    {"lmove", "list", "6.2.0", "O(1)",
     "Moves an element from one end of a list to an end of another.",
     "source:k destination:k wherefrom(LEFT|RIGHT) whereto(LEFT|RIGHT)"},
    {"lmpop", "list", "7.0.0", "O(N+M), N keys, M elements returned",
     "Takes elements off the first list that has any.",
     "numkeys:i key:k* where(LEFT|RIGHT) [COUNT=count:i]"},
    {"lpop", "list", "1.0.0", "O(N), N elements returned",
     "Takes elements off the front of a list.",
     "key:k [count:i]"},
    {"lpos", "list", "6.0.6", "O(N), N elements looked at",
     "Finds where an element stands.",
     "key:k element [RANK=rank:i] [COUNT=num-matches:i] [MAXLEN=len:i]"},
    {"lpush", "list", "1.0.0", "O(1) per element",
     "Puts elements at the front of a list, creating it if needed.",
     "key:k element*"},
    {"lpushx", "list", "2.2.0", "O(1) per element",
     "Puts elements at the front of a list that exists.",
     "key:k element*"},
    {"lrange", "list", "1.0.0", "O(S+N), S elements to get there, N returned",
     "Gives the elements between two positions.",
     "key:k start:i stop:i"},
    {"lrem", "list", "1.0.0", "O(N), N elements",
     "Removes elements that equal a given one.",
     "key:k count:i element"},
    {"lset", "list", "1.0.0", "O(N), N elements to get there",
     "Replaces the element at a position.",
     "key:k index:i element"},
    {"ltrim", "list", "1.0.0", "O(N), N elements removed",
     "Keeps only the elements between two positions.",
     "key:k start:i stop:i"},
    {"rpop", "list", "1.0.0", "O(N), N elements returned",
     "Takes elements off the end of a list.",
     "key:k [count:i]"},
    {"rpoplpush", "list", "1.2.0", "O(1)",
     "Moves the last element of a list to the front of another.",
     "source:k destination:k", "6.2.0", "LMOVE with RIGHT and LEFT"},
    {"rpush", "list", "1.0.0", "O(1) per element",
     "Puts elements at the end of a list, creating it if needed.",
     "key:k element*"},
    {"rpushx", "list", "2.2.0", "O(1) per element",
     "Puts elements at the end of a list that exists.",
     "key:k element*"},
};
// clang-format on

}  // namespace

std::span<const CommandDoc> ListDocs() { return kListDocs; }

}  // namespace basalt::docs
