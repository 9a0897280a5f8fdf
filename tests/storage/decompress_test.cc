#include "storage/decompress.h"

#include "runtime/base/result.h"
#include "storage/dataset.h"

#include <cstdint>
#include <string>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
  REQUIRE(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

std::string unpacked(const std::string& bytes) {
  auto text = unpack(as_bytes(bytes), "d.jsonl");
  return text ? std::string(as_text(*text)) : "not packed";
}

std::string refusal(const std::string& bytes) {
  try {
    return unpacked(bytes);
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::bad_input);
    return error.text();
  }
}

bool has(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("gzip and zstd are unpacked, of several members too, and plain text is left alone") {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += std::to_string(std::int64_t{i} * 7919) + "\n";
  CHECK(unpacked(gzip(text)) == text);
  CHECK(unpacked(zstd(text)) == text);
  CHECK(unpacked(gzip("a") + gzip("") + gzip("b")) == "ab");
  CHECK(unpacked(zstd("a") + zstd("b")) == "ab");
  CHECK(unpacked(gzip("")).empty());
  CHECK(unpacked("plain") == "not packed");
  CHECK(unpacked("") == "not packed");
  CHECK(is_packed(as_bytes(gzip("a"))));
  CHECK(is_packed(as_bytes(zstd("a"))));
  CHECK_FALSE(is_packed(as_bytes("plain")));
  std::string line = "{\"prompt\": \"1+1=\", \"answer\": 2}\n";
  CHECK(parse_dataset(as_bytes(gzip(line)), "d.jsonl", {})[0].answer == "2");
}

TEST_CASE("an archive that is damaged or cut short is refused by name") {
  std::string text(300, 'x');
  for (int i = 0; i < 300; ++i)
    text[static_cast<std::size_t>(i)] = static_cast<char>('a' + i * i % 23);
  const std::string archives[] = {gzip(text), zstd(text)};
  for (const std::string& whole : archives) {
    for (std::size_t size = 4; size < whole.size(); ++size)
      CHECK(has(refusal(whole.substr(0, size)), "d.jsonl: "));
    if (&whole != &archives[0]) continue;  // zstd has no checksum as it comes
    // A byte that is another: an error, or (in a header's field that means nothing) the same text.
    for (std::size_t at = 4; at < whole.size(); ++at) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      std::string found = refusal(damaged);
      CHECK((found == text || has(found, "d.jsonl: ")));
    }
  }
  CHECK(has(refusal(gzip("a") + "\x1F\x8B"), "d.jsonl: "));
}

TEST_CASE("what is no JSON lines is refused as what it is, with the remedy") {
  CHECK(has(refusal("PAR1\x15"), "read_parquet('d.jsonl')"));
  CHECK(has(refusal("\xFF\xFE{"), "iconv -f UTF-16"));
  CHECK(has(refusal("\xFE\xFF"), "UTF-16"));
  CHECK(has(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git lfs pull"));
  CHECK(has(refusal(gzip("PAR1")), "parquet"));
}
