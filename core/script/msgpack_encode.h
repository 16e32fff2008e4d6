// Writing Lua values as MessagePack, for lib_cmsgpack.cc. Raises Lua errors (longjmps): the bytes
// are in a userdata of the VM, which collects them whatever happens, and no destructor is needed.
#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

namespace basalt {

class MsgpackEncoder {
 public:
  // As much as a string value may have. A table that holds another many times over, level upon
  // level, is small itself but not when it is packed.
  static constexpr size_t kBytesMax = size_t{512} << 20;

  // Pushes the userdata; it must stay where it is on the stack while this is used.
  explicit MsgpackEncoder(lua_State* lua, size_t bytes_max = kBytesMax);

  // Appends the value at `index`, which counts from the bottom of the stack.
  void Put(int index) { PutValue(index, 0); }
  // Pushes what was written.
  void PushResult();

 private:
  void PutValue(int index, int depth);
  void PutNumber(double number);
  void PutInteger(int64_t number);
  void PutString(int index);
  void PutTable(int index, int depth);
  void PutPairs(int index, int depth);
  bool IsArray(int index, size_t* size);

  char* Reserve(size_t size);
  // `type` and then `value` in `size` big-endian bytes.
  void PutHeader(uint8_t type, uint64_t value, size_t size);

  lua_State* lua_;
  char* data_;
  size_t size_ = 0;
  size_t capacity_;
  size_t bytes_max_;
  int anchor_;  // where the userdata is
};

}  // namespace basalt
