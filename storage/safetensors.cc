#include "storage/safetensors.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t header_bytes_max = 100'000'000;  // the format's own limit
constexpr std::size_t dimensions_max = 16;

struct Element {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr Element elements[] = {{"F32", 4}, {"BF16", 2}, {"F16", 2}, {"F64", 8}, {"I64", 8},
    {"I32", 4}, {"I16", 2}, {"I8", 1}, {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1}, {"BOOL", 1},
    {"F8_E4M3", 1}, {"F8_E5M2", 1}};

[[noreturn]] void refuse(const std::string& text) {
  throw Error(Errc::bad_input, "safetensors: " + text);
}

std::uint64_t natural(const json::value& value, const std::string& what) {
  if (value.is_int64() && value.as_int64() >= 0)
    return static_cast<std::uint64_t>(value.as_int64());
  refuse(str(what, " is ", json_text(value), "; expected a whole number >= 0"));
}

const json::value& field(const json::object& object, std::string_view name, const std::string& of) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) refuse(str(of, " has no '", name, "'"));
  return *value;
}

SafetensorsTensor parse_tensor(
    const std::string& name, const json::value& value, std::uint64_t data_bytes) {
  std::string what = "tensor '" + name + "'";
  if (!value.is_object()) refuse(what + " is not described by an object");
  const json::object& object = value.as_object();
  SafetensorsTensor tensor;
  tensor.name = name;

  const json::value& dtype = field(object, "dtype", what);
  if (!dtype.is_string()) refuse(what + ": its dtype is no string");
  tensor.dtype = json::value_to<std::string>(dtype);
  std::uint64_t bytes = safetensors_element_bytes(tensor.dtype);
  if (bytes == 0) refuse(str(what, ": dtype '", tensor.dtype, "' is not known"));

  const json::value& shape = field(object, "shape", what);
  if (!shape.is_array() || shape.as_array().size() > dimensions_max)
    refuse(str(what, ": its shape is no list of at most ", dimensions_max, " extents"));
  for (const json::value& extent : shape.as_array()) {
    tensor.shape.push_back(static_cast<std::int64_t>(natural(extent, what + ": an extent")));
    if (tensor.shape.back() == 0) bytes = 0;
  }
  for (std::int64_t extent : tensor.shape) {
    if (bytes == 0) break;
    if (bytes > data_bytes / static_cast<std::uint64_t>(extent))
      refuse(what + ": its shape needs more bytes than the file has");
    bytes *= static_cast<std::uint64_t>(extent);
  }

  const json::value& range = field(object, "data_offsets", what);
  if (!range.is_array() || range.as_array().size() != 2)
    refuse(what + ": its data_offsets are no [begin, end]");
  tensor.begin = natural(range.as_array()[0], what + ": its begin");
  tensor.end = natural(range.as_array()[1], what + ": its end");
  if (tensor.end < tensor.begin || tensor.end > data_bytes)
    refuse(str(what, ": its bytes ", tensor.begin, "..", tensor.end, " are not in the file's 0..",
        data_bytes));
  if (tensor.end - tensor.begin != bytes)
    refuse(str(what, ": its shape needs ", bytes, " bytes, its data_offsets span ",
        tensor.end - tensor.begin));
  return tensor;
}

// Tensors must cover the data end to end, without overlaps or gaps.
void check_coverage(std::vector<SafetensorsTensor>& tensors, std::uint64_t data_bytes) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t next = 0;
  for (const SafetensorsTensor& tensor : tensors) {
    if (tensor.begin < next) refuse(str("tensor '", tensor.name, "' overlaps another"));
    if (tensor.begin > next)
      refuse(str("bytes ", next, "..", tensor.begin, " of the data belong to no tensor"));
    next = tensor.end;
  }
  if (next != data_bytes)
    refuse(str("bytes ", next, "..", data_bytes, " of the data belong to no tensor"));
}

}  // namespace

std::uint64_t safetensors_element_bytes(std::string_view dtype) {
  for (const Element& element : elements)
    if (element.name == dtype) return element.bytes;
  return 0;
}

SafetensorsHeader parse_safetensors(ByteView file) {
  if (file.size() < length_bytes) refuse(str("only ", file.size(), " bytes long"));
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    length |= std::to_integer<std::uint64_t>(file[i]) << (8 * i);
  if (length > header_bytes_max || length > file.size() - length_bytes)
    refuse(str("its header claims ", length, " bytes; the file has ", file.size()));
  SafetensorsHeader header;
  header.data_begin = length_bytes + length;
  std::uint64_t data_bytes = file.size() - header.data_begin;

  boost::system::error_code code;
  json::value value = json::parse(as_text(file.subspan(length_bytes, length)), code);
  if (code) refuse(str("its header is not JSON: ", code.message()));
  if (!value.is_object()) refuse("its header is not a JSON object");
  for (const auto& [key, entry] : value.as_object()) {
    if (key == "__metadata__") {
      if (!entry.is_object()) refuse("__metadata__ is not an object");
      for (const auto& [name, text] : entry.as_object()) {
        if (!text.is_string()) refuse("__metadata__ holds something that is no string");
        header.metadata[std::string(name)] = json::value_to<std::string>(text);
      }
      continue;
    }
    header.tensors.push_back(parse_tensor(std::string(key), entry, data_bytes));
  }
  check_coverage(header.tensors, data_bytes);
  return header;
}

SafetensorsFile SafetensorsFile::open(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    throw Error(errno == ENOENT ? Errc::not_found : Errc::io, path + ": " + std::strerror(errno));

  struct stat status {};

  int failed = ::fstat(fd, &status);
  SafetensorsFile file;
  file.size_ = failed == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (file.size_ > 0) {
    void* mapping = ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping != MAP_FAILED) file.mapping_ = mapping;
  }
  int cause = errno;
  ::close(fd);
  if (failed != 0 || (file.size_ > 0 && file.mapping_ == nullptr))
    throw Error(Errc::io, path + ": " + std::strerror(cause));
  try {
    file.header_ = parse_safetensors({static_cast<const std::byte*>(file.mapping_), file.size_});
  } catch (const Error& error) {
    throw Error(error.errc(), path + ": " + error.text());
  }
  return file;
}

SafetensorsFile::SafetensorsFile(SafetensorsFile&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      size_(other.size_),
      header_(std::move(other.header_)) {}

SafetensorsFile::~SafetensorsFile() {
  if (mapping_ != nullptr) ::munmap(mapping_, size_);
}

ByteView SafetensorsFile::bytes(const SafetensorsTensor& tensor) const {
  return ByteView(static_cast<const std::byte*>(mapping_), size_)
      .subspan(header_.data_begin + tensor.begin, tensor.end - tensor.begin);
}

Pieces safetensors_pieces(const std::vector<SafetensorsSource>& tensors,
    const std::map<std::string, std::string>& metadata) {
  json::object header;
  if (!metadata.empty()) {
    json::object texts;
    for (const auto& [name, text] : metadata) texts[name] = text;
    header["__metadata__"] = std::move(texts);
  }
  std::uint64_t offset = 0;
  for (const SafetensorsSource& tensor : tensors) {
    std::uint64_t bytes = safetensors_element_bytes(tensor.dtype);
    for (std::int64_t extent : tensor.shape) bytes *= static_cast<std::uint64_t>(extent);
    TRAM_CHECK(bytes == tensor.data.size(), "data and shape disagree", tensor.name);
    json::array shape(tensor.shape.begin(), tensor.shape.end());
    header[tensor.name] = {{"dtype", tensor.dtype}, {"shape", std::move(shape)},
        {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = json_text(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');

  Bytes head;
  for (std::size_t i = 0; i < length_bytes; ++i)
    head.push_back(static_cast<std::byte>(text.size() >> (8 * i)));
  ByteView described = as_bytes(text);
  head.insert(head.end(), described.begin(), described.end());
  Pieces file(std::move(head));
  for (const SafetensorsSource& tensor : tensors) file.borrow(tensor.data);
  return file;
}

Bytes write_safetensors(const std::vector<SafetensorsSource>& tensors,
    const std::map<std::string, std::string>& metadata) {
  return safetensors_pieces(tensors, metadata).joined();
}

}  // namespace tramontane
