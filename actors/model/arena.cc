#include "actors/model/arena.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <sys/mman.h>
#include <utility>

namespace tramontane {

namespace {

constexpr std::uint64_t alignment = 64;
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 46;  // refuses absurd shapes early

std::uint64_t round_up(std::uint64_t value) {
  return (value + alignment - 1) / alignment * alignment;
}

std::uint64_t tensor_bytes(const TensorEntry& tensor) {
  std::uint64_t bytes = size_of(tensor.dtype);
  for (std::int64_t extent : tensor.shape) {
    if (extent <= 0 || static_cast<std::uint64_t>(extent) > bytes_max / bytes)
      throw Error(Errc::bad_input,
          str("tensor '", tensor.name, "': its extent ", extent, " makes no sense"));
    bytes *= static_cast<std::uint64_t>(extent);
  }
  return bytes;
}

void append_number(std::string& text, std::uint64_t value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::uint64_t hash_of(const std::vector<TensorEntry>& tensors) {
  std::string text;
  for (const TensorEntry& tensor : tensors) {
    append_number(text, tensor.name.size());
    text += tensor.name;
    append_number(text, static_cast<std::uint64_t>(tensor.dtype));
    append_number(text, tensor.shape.size());
    for (std::int64_t extent : tensor.shape)
      append_number(text, static_cast<std::uint64_t>(extent));
    append_number(text, tensor.offset);
  }
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace

void check_fingerprint(Version version, Fingerprint found, Fingerprint announced) {
  if (found == announced) return;
  throw Error(Errc::corrupt, str("weights of version ", version, " arrived with fingerprint ",
                                 std::hex, found, ", announced was ", announced));
}

std::size_t size_of(Dtype dtype) {
  return dtype == Dtype::float32 ? 4 : 2;
}

const char* name_of(Dtype dtype) {
  constexpr const char* names[] = {"float32", "bfloat16", "float16"};
  return names[static_cast<std::size_t>(dtype)];
}

Manifest Manifest::lay_out(std::vector<TensorEntry> tensors) {
  Manifest manifest;
  std::set<std::string_view> names;
  std::uint64_t offset = 0;
  for (TensorEntry& tensor : tensors) {
    if (!names.insert(tensor.name).second)
      throw Error(Errc::bad_input, str("tensor '", tensor.name, "' is named twice"));
    tensor.offset = offset;
    tensor.size = tensor_bytes(tensor);
    if (tensor.size > bytes_max - offset)
      throw Error(Errc::bad_input, str("tensor '", tensor.name, "': the weights are over 64 TiB"));
    offset = round_up(offset + tensor.size);
  }
  manifest.tensors_ = std::move(tensors);
  manifest.bytes_ = offset;
  manifest.hash_ = hash_of(manifest.tensors_);
  return manifest;
}

const TensorEntry* Manifest::find(std::string_view name) const {
  for (const TensorEntry& tensor : tensors_)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

Arena::Arena(std::shared_ptr<const Manifest> manifest, Backing backing)
    : manifest_(std::move(manifest)) {
  TRAM_CHECK(manifest_ != nullptr, "an arena needs a manifest");
  if (backing == Backing::shared) {
    map_shared();
    return;
  }
  std::uint64_t bytes = round_up(std::max<std::uint64_t>(manifest_->bytes(), 1));
  data_ = static_cast<std::byte*>(std::aligned_alloc(alignment, bytes));
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_, 0, bytes);
}

Arena::Arena(
    std::shared_ptr<const Manifest> manifest, Blob blob, Version version, Fingerprint announced)
    : manifest_(std::move(manifest)), blob_(std::move(blob)) {
  TRAM_CHECK(manifest_ != nullptr, "an arena needs a manifest");
  TRAM_CHECK(static_cast<bool>(blob_), "an arena over no blob");
  if (blob_.size() != manifest_->bytes())
    throw Error(Errc::corrupt, str("weights of version ", version, " arrived as ", blob_.size(),
                                   " bytes, the model's are ", manifest_->bytes()));
  data_ = const_cast<std::byte*>(blob_.bytes().data());
  check_fingerprint(version, fingerprint_of(std::as_const(*this).bytes()), announced);
  version_ = version;
  fingerprint_ = announced;
  sealed_ = true;
}

Arena::~Arena() {
  if (memory_) {
    if (data_ != nullptr) ::munmap(data_, manifest_->bytes());
  } else if (!blob_) {
    std::free(data_);
  }
}

void Arena::map_shared() {
  memory_ = shared_memory("tram-weights", manifest_->bytes());
  if (manifest_->bytes() == 0) return;
  void* mapped =
      ::mmap(nullptr, manifest_->bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
  if (mapped == MAP_FAILED)
    throw Error(Errc::io, str("shared memory for weights: ", std::strerror(errno)));
  data_ = static_cast<std::byte*>(mapped);
  // A child that is being started would hold the mapping, and sealing would be refused meanwhile.
  ::madvise(mapped, manifest_->bytes(), MADV_DONTFORK);
}

// What is hashed, published and mapped by others is from here on what nobody can write.
void Arena::freeze_shared() {
  if (data_ != nullptr) ::munmap(std::exchange(data_, nullptr), manifest_->bytes());
  blob_ = Blob::from_descriptor(sealed_for_reading(memory_));
  memory_ = Descriptor();
  data_ = const_cast<std::byte*>(blob_.bytes().data());
}

std::span<float> Arena::floats(std::string_view name) {
  const TensorEntry* tensor = manifest_->find(name);
  if (tensor == nullptr)
    throw Error(Errc::not_found, str("the weights have no tensor '", name, "'"));
  if (tensor->dtype != Dtype::float32)
    throw Error(Errc::unsupported, str("tensor '", name, "' is not float32"));
  return {reinterpret_cast<float*>(data_ + tensor->offset), tensor->size / sizeof(float)};
}

std::span<const float> Arena::floats(std::string_view name) const {
  return const_cast<Arena*>(this)->floats(name);
}

void Arena::seal(Version version) {
  TRAM_CHECK(!sealed_, "an arena is sealed once; this one holds version", version_);
  if (memory_) freeze_shared();
  version_ = version;
  fingerprint_ = fingerprint_of(std::as_const(*this).bytes());
  sealed_ = true;
}

bool Arena::seal_received(Version version, Fingerprint expected) {
  TRAM_CHECK(!sealed_, "an arena is sealed once; this one holds version", version_);
  TRAM_CHECK(!memory_, "what arrives in shared memory is sealed already");
  Fingerprint found = fingerprint_of(std::as_const(*this).bytes());
  if (found != expected) return false;
  version_ = version;
  fingerprint_ = found;
  sealed_ = true;
  return true;
}

}  // namespace tramontane
