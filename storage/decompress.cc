#include "storage/decompress.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <zlib.h>
#include <zstd.h>

namespace tramontane {
namespace {

constexpr std::size_t chunk = 1 << 16;

bool is_gzip(std::string_view text) {
  return text.starts_with("\x1F\x8B");
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(Errc::bad_input, str(name, ": ", why));
}

void check_room(const Bytes& out, const std::string& name) {
  if (out.size() > unpacked_bytes_max)
    refuse(name, str("it unpacks to more than ", unpacked_bytes_max >> 30, " GB"));
}

// Inflates member after member, as gzip does with files that were put together.
Bytes gunzip(ByteView in, const std::string& name) {
  z_stream stream{};
  TRAM_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK, "zlib starts");
  auto end = [](z_stream* s) { inflateEnd(s); };
  std::unique_ptr<z_stream, decltype(end)> guard(&stream, end);
  Bytes out;
  std::size_t taken = 0;
  int status = Z_OK;
  while (taken < in.size() || status != Z_STREAM_END) {
    if (status == Z_STREAM_END) inflateReset(&stream);
    std::size_t part = std::min<std::size_t>(in.size() - taken, 1U << 30);
    std::size_t before = out.size();
    out.resize(before + chunk);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data() + taken));
    stream.avail_in = static_cast<uInt>(part);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = chunk;
    status = inflate(&stream, Z_NO_FLUSH);
    taken += part - stream.avail_in;
    out.resize(before + chunk - stream.avail_out);
    check_room(out, name);
    bool stuck =
        status == Z_BUF_ERROR || (status == Z_OK && stream.avail_out > 0 && taken == in.size());
    if (stuck) refuse(name, "the gzip file is cut short");
    if (status != Z_OK && status != Z_STREAM_END)
      refuse(name, str("damaged gzip: ", stream.msg == nullptr ? "bad data" : stream.msg));
  }
  return out;
}

Bytes unzstd(ByteView in, const std::string& name) {
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(
      ZSTD_createDStream(), ZSTD_freeDStream);
  TRAM_CHECK(stream != nullptr, "zstd starts");
  ZSTD_inBuffer from{in.data(), in.size(), 0};
  Bytes out;
  std::size_t more = 1;  // 0 at the end of a frame
  while (from.pos < from.size || more != 0) {
    std::size_t before = out.size();
    out.resize(before + chunk);
    ZSTD_outBuffer to{out.data() + before, chunk, 0};
    std::size_t fed = from.pos;
    more = ZSTD_decompressStream(stream.get(), &to, &from);
    out.resize(before + to.pos);
    check_room(out, name);
    if (ZSTD_isError(more) != 0) refuse(name, str("damaged zstd: ", ZSTD_getErrorName(more)));
    if (more != 0 && from.pos == fed && to.pos == 0) refuse(name, "the zstd file is cut short");
  }
  return out;
}

}  // namespace

std::optional<Bytes> unpack(ByteView bytes, const std::string& name) {
  std::optional<Bytes> unpacked;
  if (is_gzip(as_text(bytes)))
    unpacked = gunzip(bytes, name);
  else if (is_packed(bytes))
    unpacked = unzstd(bytes, name);
  refuse_foreign(unpacked ? ByteView(*unpacked) : bytes, name);
  return unpacked;
}

bool is_packed(ByteView bytes) {
  std::string_view text = as_text(bytes);
  return is_gzip(text) || text.starts_with("\x28\xB5\x2F\xFD");
}

void refuse_foreign(ByteView bytes, const std::string& name) {
  std::string_view text = as_text(bytes);
  if (text.starts_with("PAR1"))
    refuse(name, str("this is a parquet file; JSON lines are read. To convert it:\n  python3 -c "
                     "\"import pandas; pandas.read_parquet('",
                     name, "').to_json('", name,
                     ".jsonl', orient='records', lines=True, force_ascii=False)\""));
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    refuse(name, str("this is UTF-16; UTF-8 is read. To convert it:\n  iconv -f UTF-16 -t UTF-8 '",
                     name, "' > '", name, ".utf8'"));
  if (text.starts_with("version https://git-lfs.github.com/"))
    refuse(name, "this is what Git LFS leaves in place of the file; `git lfs pull` fetches it");
}

}  // namespace tramontane
