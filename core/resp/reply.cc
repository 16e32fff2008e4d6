#include "core/resp/reply.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "core/base/numbers.h"

namespace basalt {

void Reply::Simple(std::string_view text) {
  BASALT_DCHECK(text.find_first_of("\r\n") == text.npos);
  out_->push_back('+');
  out_->append(text);
  out_->append("\r\n", 2);
}

void Reply::BulkInteger(int64_t value) {
  char text[24];
  Bulk(std::string_view(text, FormatInt64(value, text)));
}

void Reply::LargeBulk(std::string_view value) {
  char text[kNumberMax];
  const size_t header = PutNumber(text, '$', value.size()) - text;
  const size_t needed = out_->size() + header + value.size() + 2;
  // Grown once for all three parts, and geometrically, so that many bulks cost few moves.
  if (needed > out_->capacity()) out_->reserve(std::max(needed, out_->capacity() * 2));
  out_->append(text, header);
  out_->append(value.data(), value.size());
  out_->append("\r\n", 2);
}

void Reply::Error(std::string_view text) {
  ++errors_;
  last_error_at_ = out_->size();
  out_->push_back('-');
  out_->append(text);
  for (size_t i = last_error_at_ + 1; i < out_->size(); ++i) {
    char& c = (*out_)[i];
    if (c == '\r' || c == '\n') c = ' ';
  }
  out_->append("\r\n", 2);
}

void Reply::Double(double value) {
  char text[kDoubleTextMax];
  const std::string_view digits(text, FormatDouble(value, text));
  if (!resp3_) return Bulk(digits);
  out_->push_back(',');
  out_->append(digits);
  out_->append("\r\n", 2);
}

void Reply::Bool(bool value) {
  if (!resp3_) return Integer(value ? 1 : 0);
  out_->append(value ? "#t\r\n" : "#f\r\n", 4);
}

void Reply::BigNumber(std::string_view digits) {
  if (!resp3_) return Bulk(digits);
  out_->push_back('(');
  out_->append(digits);
  out_->append("\r\n", 2);
}

void Reply::Verbatim(std::string_view text, std::string_view ext) {
  BASALT_DCHECK(ext.size() == 3);
  if (!resp3_) return Bulk(text);
  Header('=', text.size() + 4);
  out_->append(ext);
  out_->push_back(':');
  out_->append(text);
  out_->append("\r\n", 2);
}

void Reply::InsertHeader(size_t mark, char type, size_t n) {
  BASALT_DCHECK(mark <= out_->size());
  char text[kNumberMax];
  out_->insert(mark, text, PutNumber(text, type, n) - text);
  if (errors_ > 0 && last_error_at_ >= mark) last_error_at_ += PutNumber(text, type, n) - text;
}

}  // namespace basalt
