#include "core/script/lib_struct.h"

#include <bit>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <lua.hpp>

namespace basalt {
namespace {

constexpr size_t kIntegerBytesMax = 32;
constexpr size_t kWordBytes = sizeof(uint64_t);
constexpr int kDefaultAlignment = 8;

// The format string while it is read.
struct Format {
  const char* at;
  bool big_endian = std::endian::native == std::endian::big;
  size_t alignment = 1;
};

struct Item {
  char option;
  size_t size;     // bytes of the value; 0 when the value itself says how many, and for > < ! space
  size_t padding;  // bytes in front of it
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The number in the format, or `otherwise` where there is none.
int ReadNumber(lua_State* lua, Format* format, int otherwise) {
  if (!IsDigit(*format->at)) return otherwise;
  int number = 0;
  for (; IsDigit(*format->at); ++format->at) {
    const int digit = *format->at - '0';
    if (number > (INT_MAX - digit) / 10) luaL_error(lua, "integral size overflow");
    number = number * 10 + digit;
  }
  return number;
}

size_t ReadSize(lua_State* lua, Format* format, char option) {
  switch (option) {
    case 'b':
    case 'B':
    case 'x':
      return 1;
    case 'h':
    case 'H':
      return 2;
    case 'f':
      return sizeof(float);
    case 'l':
    case 'L':
    case 'T':
    case 'd':
      return kWordBytes;
    case 'c':
      return static_cast<size_t>(ReadNumber(lua, format, 1));
    case 'i':
    case 'I': {
      const int size = ReadNumber(lua, format, sizeof(int));
      if (static_cast<size_t>(size) > kIntegerBytesMax) {
        luaL_error(lua, "integral size %d is larger than limit of %d", size,
                   static_cast<int>(kIntegerBytesMax));
      }
      return static_cast<size_t>(size);
    }
    default:
      return 0;
  }
}

// What keeps `size` bytes at `position` aligned. For sizes that are no power of two this is the
// usual bit arithmetic all the same, because data packed elsewhere has it.
size_t Padding(const Format& format, char option, size_t size, size_t position) {
  const size_t alignment = size < format.alignment ? size : format.alignment;
  if (alignment <= 1 || option == 'c') return 0;
  return (alignment - (position & (alignment - 1))) & (alignment - 1);
}

// Reads the next option; false at the end of the format.
bool NextItem(lua_State* lua, Format* format, size_t position, Item* item) {
  if (*format->at == '\0') return false;
  item->option = *format->at++;
  item->size = ReadSize(lua, format, item->option);
  item->padding = Padding(*format, item->option, item->size, position);
  return true;
}

// Options that stand for no value.
void Apply(lua_State* lua, Format* format, char option) {
  switch (option) {
    case ' ':
      return;
    case '>':
      format->big_endian = true;
      return;
    case '<':
      format->big_endian = false;
      return;
    case '!': {
      const int alignment = ReadNumber(lua, format, kDefaultAlignment);
      if (!std::has_single_bit(static_cast<unsigned>(alignment))) {
        luaL_error(lua, "alignment %d is not a power of 2", alignment);
      }
      format->alignment = static_cast<size_t>(alignment);
      return;
    }
    default:
      luaL_argerror(lua, 1, lua_pushfstring(lua, "invalid format option '%c'", option));
  }
}

// The low 64 bits that a number stands for. Every double has an answer: negative ones count from
// the top, and what no 64 bits can hold ends as the processor's conversion would leave it.
uint64_t ToBits(double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  constexpr uint64_t kTopBit = uint64_t{1} << 63;
  if (std::isnan(number) || number < -kTwoTo63) return kTopBit;
  if (number < 0) return static_cast<uint64_t>(static_cast<int64_t>(number));
  return number < 2 * kTwoTo63 ? static_cast<uint64_t>(number) : 0;
}

void Reverse(char* bytes, size_t size) {
  for (size_t low = 0, high = size; low + 1 < high; ++low) {
    const char byte = bytes[low];
    bytes[low] = bytes[--high];
    bytes[high] = byte;
  }
}

void PutInteger(luaL_Buffer* out, uint64_t bits, size_t size, bool big_endian) {
  char bytes[kIntegerBytesMax] = {};
  for (size_t i = 0; i < size && i < kWordBytes; ++i) bytes[i] = static_cast<char>(bits >> 8 * i);
  if (big_endian) Reverse(bytes, size);
  luaL_addlstring(out, bytes, size);
}

template <class Real>
void PutReal(luaL_Buffer* out, Real value, bool big_endian) {
  char bytes[sizeof(Real)];
  std::memcpy(bytes, &value, sizeof(Real));
  if (big_endian != (std::endian::native == std::endian::big)) Reverse(bytes, sizeof(Real));
  luaL_addlstring(out, bytes, sizeof(Real));
}

template <class Real>
double GetReal(const char* data, bool big_endian) {
  char bytes[sizeof(Real)];
  std::memcpy(bytes, data, sizeof(Real));
  if (big_endian != (std::endian::native == std::endian::big)) Reverse(bytes, sizeof(Real));
  Real value;
  std::memcpy(&value, bytes, sizeof(Real));
  return value;
}

double GetInteger(const char* data, size_t size, bool big_endian, bool is_signed) {
  uint64_t bits = 0;
  for (size_t i = 0; i < size && i < kWordBytes; ++i) {
    const char byte = data[big_endian ? size - 1 - i : i];
    bits |= static_cast<uint64_t>(static_cast<unsigned char>(byte)) << 8 * i;
  }
  if (!is_signed) return static_cast<double>(bits);
  if (size > 0 && size < kWordBytes) {
    const int spare = static_cast<int>(64 - 8 * size);
    return static_cast<double>(static_cast<int64_t>(bits << spare) >> spare);
  }
  return static_cast<double>(static_cast<int64_t>(bits));
}

// Packs a string argument; returns its bytes in the output.
size_t PutString(lua_State* lua, luaL_Buffer* out, int argument, const Item& item) {
  size_t length;
  const char* text = luaL_checklstring(lua, argument, &length);
  if (item.option == 's') {
    luaL_addlstring(out, text, length);
    luaL_addchar(out, '\0');
    return length + 1;
  }
  const size_t wanted = item.size == 0 ? length : item.size;
  // Named one too high, as scripts know it.
  luaL_argcheck(lua, length >= wanted, argument + 1, "string too short");
  luaL_addlstring(out, text, wanted);
  return wanted;
}

int PackStruct(lua_State* lua) {
  Format format = {luaL_checkstring(lua, 1)};
  lua_pushnil(lua);  // stands where the first missing argument would be
  luaL_Buffer out;
  luaL_buffinit(lua, &out);
  int argument = 2;
  size_t position = 0;
  for (Item item; NextItem(lua, &format, position, &item);) {
    for (size_t i = 0; i < item.padding; ++i) luaL_addchar(&out, '\0');
    position += item.padding + item.size;
    switch (item.option) {
      case 'b':
      case 'B':
      case 'h':
      case 'H':
      case 'l':
      case 'L':
      case 'T':
      case 'i':
      case 'I':
        PutInteger(&out, ToBits(luaL_checknumber(lua, argument++)), item.size, format.big_endian);
        break;
      case 'f':
        PutReal(&out, static_cast<float>(luaL_checknumber(lua, argument++)), format.big_endian);
        break;
      case 'd':
        PutReal(&out, luaL_checknumber(lua, argument++), format.big_endian);
        break;
      case 'x':
        luaL_addchar(&out, '\0');
        break;
      case 's':
      case 'c':
        position += PutString(lua, &out, argument++, item) - item.size;
        break;
      default:
        Apply(lua, &format, item.option);
    }
  }
  luaL_pushresult(&out);
  return 1;
}

// For c0: takes the value before it off the stack and returns it as a number of bytes.
size_t TakePreviousSize(lua_State* lua, int values) {
  if (values == 0 || !lua_isnumber(lua, -1)) {
    luaL_error(lua, "format 'c0' needs a previous size");
  }
  const uint64_t size = ToBits(lua_tonumber(lua, -1));
  lua_pop(lua, 1);
  return size;
}

int Unpack(lua_State* lua) {
  static constexpr char kTooShort[] = "data string too short";
  Format format = {luaL_checkstring(lua, 1)};
  size_t length;
  const char* data = luaL_checklstring(lua, 2, &length);
  const lua_Integer first = luaL_optinteger(lua, 3, 1);
  luaL_argcheck(lua, first != 0, 3, "offset must be 1 or greater");
  size_t position = static_cast<size_t>(first) - 1;
  lua_settop(lua, 2);
  int values = 0;
  for (Item item; NextItem(lua, &format, position, &item);) {
    // `position` is at most `length` after this line, and may only grow to it below.
    luaL_argcheck(lua, position <= length && item.padding <= length - position, 2, kTooShort);
    position += item.padding;
    luaL_argcheck(lua, item.size <= length - position, 2, kTooShort);
    luaL_checkstack(lua, 2, "too many results");
    const char* at = data + position;
    switch (item.option) {
      case 'b':
      case 'h':
      case 'l':
      case 'i':
        lua_pushnumber(lua, GetInteger(at, item.size, format.big_endian, true));
        ++values;
        break;
      case 'B':
      case 'H':
      case 'L':
      case 'T':
      case 'I':
        lua_pushnumber(lua, GetInteger(at, item.size, format.big_endian, false));
        ++values;
        break;
      case 'f':
        lua_pushnumber(lua, GetReal<float>(at, format.big_endian));
        ++values;
        break;
      case 'd':
        lua_pushnumber(lua, GetReal<double>(at, format.big_endian));
        ++values;
        break;
      case 'x':
        break;
      case 'c':
        if (item.size == 0) {
          item.size = TakePreviousSize(lua, values--);
          luaL_argcheck(lua, item.size <= length - position, 2, kTooShort);
        }
        lua_pushlstring(lua, at, item.size);
        ++values;
        break;
      case 's': {
        const void* end = std::memchr(at, '\0', length - position);
        if (end == nullptr) return luaL_error(lua, "unfinished string in data");
        const size_t text = static_cast<size_t>(static_cast<const char*>(end) - at);
        item.size = text + 1;
        lua_pushlstring(lua, at, text);
        ++values;
        break;
      }
      default:
        Apply(lua, &format, item.option);
    }
    position += item.size;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(position + 1));
  return values + 1;
}

int Size(lua_State* lua) {
  Format format = {luaL_checkstring(lua, 1)};
  size_t position = 0;
  for (Item item; NextItem(lua, &format, position, &item);) {
    if (item.option == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (item.option == 'c' && item.size == 0) {
      luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    }
    position += item.padding + item.size;
    // Letters that mean nothing are let pass here, and only here.
    if (!IsAlphanumeric(item.option)) Apply(lua, &format, item.option);
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(position));
  return 1;
}

constexpr luaL_Reg kStructFunctions[] = {
    {"pack", PackStruct}, {"unpack", Unpack}, {"size", Size}, {nullptr, nullptr}};

}  // namespace

void OpenStructLibrary(lua_State* lua) {
  lua_newtable(lua);
  luaL_register(lua, nullptr, kStructFunctions);
  lua_setglobal(lua, "struct");
}

}  // namespace basalt
