// The numbers of the RDB file format: value types, opcodes, string encodings. Constants only; any
// thread.
//
//   file   = "REDIS" 4-digit-version { item } 0xFF crc64            (crc64 little endian, from
//   version 5 on) item   = [ 0xFC unix-ms (8) | 0xFD unix-s (4) ] [ 0xF8 idle ] [ 0xF9 freq ] type
//   key value
//          | 0xFA name text | 0xFB keys expires | 0xFE database | 0xF5 library | 0xF7 module data
//   length = 00xxxxxx | 01xxxxxx +1 byte (big endian) | 0x80 +4 (big endian) | 0x81 +8 (big endian)
//          | 11xxxxxx: not a length, a specially encoded string (StringEncoding)
//   dump   = type value version (2, little endian) crc64 (8, little endian)      the payload of
//   DUMP and RESTORE
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace basalt::rdb {

inline constexpr int kWriteVersion = 10;    // what Redis 7.0 writes
inline constexpr int kReadVersionMax = 11;  // what Redis 7.2 writes
inline constexpr std::string_view kMagic = "REDIS";
inline constexpr size_t kHeaderBytes = 9;
inline constexpr size_t kDumpFooterBytes = 10;
inline constexpr size_t kFileFooterBytes = 8;
inline constexpr size_t kCompressAbove = 20;  // shorter strings are never compressed

enum Type : uint8_t {
  kTypeString = 0,
  kTypeList = 1,
  kTypeSet = 2,
  kTypeZSet = 3,  // scores as text
  kTypeHash = 4,
  kTypeZSet2 = 5,  // scores as binary doubles
  kTypeModulePreGa = 6,
  kTypeModule = 7,
  kTypeHashZipmap = 9,
  kTypeListZiplist = 10,
  kTypeSetIntset = 11,
  kTypeZSetZiplist = 12,
  kTypeHashZiplist = 13,
  kTypeListQuicklist = 14,
  kTypeStream = 15,
  kTypeHashListpack = 16,
  kTypeZSetListpack = 17,
  kTypeListQuicklist2 = 18,
  kTypeStream2 = 19,
  kTypeSetListpack = 20,
  kTypeStream3 = 21,
};

enum Opcode : uint8_t {
  kOpFunction = 245,
  kOpFunctionPreGa = 246,
  kOpModuleAux = 247,
  kOpIdle = 248,
  kOpFreq = 249,
  kOpAux = 250,
  kOpResizeDb = 251,
  kOpExpireMs = 252,
  kOpExpireSeconds = 253,
  kOpSelectDb = 254,
  kOpEof = 255,
};

enum StringEncoding : uint8_t { kEncInt8 = 0, kEncInt16 = 1, kEncInt32 = 2, kEncLzf = 3 };

enum NodeContainer : uint8_t { kNodePlain = 1, kNodePacked = 2 };  // of a quicklist2 node

enum ModuleOpcode : uint8_t {
  kModuleEof = 0,
  kModuleSigned = 1,
  kModuleUnsigned = 2,
  kModuleFloat = 3,
  kModuleDouble = 4,
  kModuleString = 5,
};

// "stream" or "module" for the types that cannot be loaded, "" for the others.
constexpr std::string_view UnsupportedTypeName(uint8_t type) {
  switch (type) {
    case kTypeStream:
    case kTypeStream2:
    case kTypeStream3:
      return "stream";
    case kTypeModulePreGa:
    case kTypeModule:
      return "module value";
    default:
      return "";
  }
}

// True for every type that the decoder knows.
constexpr bool IsValueType(uint8_t type) {
  return type <= kTypeZSet2 || (type >= kTypeHashZipmap && type <= kTypeListQuicklist) ||
         (type >= kTypeHashListpack && type <= kTypeListQuicklist2) || type == kTypeSetListpack;
}

}  // namespace basalt::rdb
