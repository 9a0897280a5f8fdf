#include "storage/safetensors.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <cstring>
#include <fstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

Bytes file_of(const std::string& header, std::size_t data_bytes) {
  Bytes file(8 + header.size() + data_bytes);
  std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, header.data(), header.size());
  return file;
}

std::string error_of(const Bytes& file) {
  try {
    parse_safetensors(file);
  } catch (const Error& error) {
    return error.text();
  }
  return "accepted";
}

bool refused(const std::string& header, std::size_t data_bytes, const std::string& because) {
  std::string text = error_of(file_of(header, data_bytes));
  INFO(text);
  CHECK(text.find(because) != std::string::npos);
  return text != "accepted";
}

}  // namespace

TEST_CASE("what is written reads back") {
  float a[6] = {1, 2, 3, 4, 5, 6};
  std::uint16_t b[2] = {7, 8};
  Bytes file = write_safetensors(
      {{"a", "F32", {2, 3}, std::as_bytes(std::span(a))},
          {"b", "BF16", {2}, std::as_bytes(std::span(b))}, {"none", "F32", {0, 4}, {}}},
      {{"format", "pt"}});
  SafetensorsHeader header = parse_safetensors(file);
  CHECK(header.data_begin % 8 == 0);
  CHECK(header.metadata.at("format") == "pt");
  REQUIRE(header.tensors.size() == 3);
  for (const SafetensorsTensor& tensor : header.tensors)
    if (tensor.name == "a") {
      CHECK(tensor.shape == std::vector<std::int64_t>{2, 3});
      CHECK(std::memcmp(file.data() + header.data_begin + tensor.begin, a, sizeof a) == 0);
    }

  TempFolder folder;
  std::string path = folder.path() + "/x.safetensors";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  SafetensorsFile mapped = SafetensorsFile::open(path);
  CHECK(mapped.tensors() == header.tensors);
}

TEST_CASE("the format's bytes are as the specification has them") {
  float one = 1;
  Bytes file = write_safetensors({{"x", "F32", {1}, std::as_bytes(std::span(&one, 1))}}, {});
  std::string expected(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})");
  expected.resize(56, ' ');
  CHECK(as_text(file) ==
        std::string("\x38\0\0\0\0\0\0\0", 8) + expected + std::string("\0\0\x80\x3f", 4));
}

TEST_CASE("hostile files are refused, and the error says why") {
  CHECK(error_of(Bytes(3)).find("only 3 bytes") != std::string::npos);
  Bytes huge(16, std::byte{0xff});
  CHECK(error_of(huge).find("header claims") != std::string::npos);
  CHECK(refused("nonsense", 0, "not JSON"));
  CHECK(refused("[]", 0, "not a JSON object"));
  CHECK(refused(R"({"x":3})", 0, "not described by an object"));
  CHECK(refused(R"({"x":{"shape":[1],"data_offsets":[0,4]}})", 4, "no 'dtype'"));
  CHECK(
      refused(R"({"x":{"dtype":"Q9","shape":[1],"data_offsets":[0,4]}})", 4, "'Q9' is not known"));
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "extent is -1"));
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4, "extent is 1.5"));
  // 2^62 * 4 wraps to 0 in 64 bits.
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0,
      "more bytes than the file"));
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4,
      "more bytes than the file"));
  for (const char* range : {"4", "{}", "null", "[]", "[0]", "[0,4,4]"})
    CHECK(refused(str(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":)", range, "}}"), 4,
        "its data_offsets are no [begin, end]"));
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 4, "not in the file"));
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "not in the file"));
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}})", 4, "needs 4 bytes"));
  CHECK(refused(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                R"("y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
      6, "overlaps"));
  CHECK(refused(
      R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "belong to no tensor"));
  CHECK(refused(
      R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8, "belong to no tensor"));
  CHECK(refused(R"({"__metadata__":{"a":1}})", 0, "no string"));
}

TEST_CASE("a missing file is named") {
  CHECK_THROWS_WITH_AS(SafetensorsFile::open("/nowhere/x.safetensors"),
      "/nowhere/x.safetensors: No such file or directory", Error);
}
