#pragma once
// An Arena is one contiguous block that holds one version of the weights. Its Manifest names
// every tensor in it and is the wire format: the same on every side, no packing, no renaming.
//
//   auto manifest = std::make_shared<const Manifest>(model_manifest(config));
//   Arena arena(manifest);
//   arena.floats("model.norm.weight")[0] = 1;
//   arena.seal(version);                        // computes the fingerprint
//   std::shared_ptr<const Arena> published = …  // immutable from here on
//
// One that other processes of this host read lies in shared memory, once for all of them:
//
//   Arena arena(manifest, Arena::Backing::shared);
//   …
//   arena.seal(version);                        // nobody can write it any more, here or elsewhere
//   Arena there(manifest, blob, version, fingerprint);     // elsewhere, over arena.blob()
//
// Each version is new memory, which the kernel frees with the last descriptor and mapping of it:
// so no reader can see bytes change, whoever is killed when. New pages cost what the heap's cost
// (ARCHITECTURE.md has figures).
//
// A sealed arena is immutable and may be read from any thread.

#include "actors/messages/types.h"
#include "actors/model/dtype.h"
#include "actors/model/fingerprint.h"
#include "runtime/base/bytes.h"
#include "runtime/base/descriptor.h"
#include "runtime/wire/blob.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct TensorEntry {
  std::string name;  // the Hugging Face name: model.layers.0.self_attn.q_proj.weight
  Dtype dtype = Dtype::float32;
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;  // bytes from the arena's start, a multiple of 64
  std::uint64_t size = 0;    // bytes

  bool operator==(const TensorEntry&) const = default;
};

class Manifest {
 public:
  // Lays the tensors out one after another, each at a multiple of 64 bytes.
  static Manifest lay_out(std::vector<TensorEntry> tensors);

  const std::vector<TensorEntry>& tensors() const { return tensors_; }

  // Null if there is none of that name.
  const TensorEntry* find(std::string_view name) const;

  std::uint64_t bytes() const { return bytes_; }

  // XXH3-64 of names, dtypes, shapes and offsets: two sides agree on the layout when equal.
  std::uint64_t hash() const { return hash_; }

  bool operator==(const Manifest&) const = default;

 private:
  std::vector<TensorEntry> tensors_;
  std::uint64_t bytes_ = 0;
  std::uint64_t hash_ = 0;
};

class Arena {
 public:
  enum class Backing : std::uint8_t { heap, shared };

  // 64-byte aligned, zeroed (the padding between tensors stays zero, so that fingerprints agree).
  // Error(io) where there is no shared memory.
  explicit Arena(std::shared_ptr<const Manifest> manifest, Backing backing = Backing::heap);

  // A version as it came from another process, sealed: its bytes stay where they are, for reading
  // alone. Error(corrupt) naming both if they are not as many as the manifest says, or have another
  // fingerprint than was announced; Error(io) if they cannot be mapped.
  Arena(
      std::shared_ptr<const Manifest> manifest, Blob blob, Version version, Fingerprint announced);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  const Manifest& manifest() const { return *manifest_; }

  std::shared_ptr<const Manifest> shared_manifest() const { return manifest_; }

  std::span<std::byte> bytes() { return {data_, manifest_->bytes()}; }

  ByteView bytes() const { return {data_, manifest_->bytes()}; }

  // The float32 tensor of that name; throws Error(not_found) if there is none, Error(unsupported)
  // if its dtype is another.
  std::span<float> floats(std::string_view name);
  std::span<const float> floats(std::string_view name) const;

  // The whole arena in words of 32 bits: its parameters, where every tensor is float32.
  float* data() { return reinterpret_cast<float*>(data_); }

  const float* data() const { return reinterpret_cast<const float*>(data_); }

  // Marks the content as final for `version` and computes its fingerprint. Shared memory is
  // elsewhere in this process afterwards: pointers from before are gone. Error(io) if it cannot be
  // sealed.
  void seal(Version version);

  // Content as received: `version` and `expected` came with it. False, and not sealed, if the
  // bytes have another fingerprint.
  [[nodiscard]] bool seal_received(Version version, Fingerprint expected);

  bool sealed() const { return sealed_; }

  // The shared memory of a sealed one, for others to open an arena over; none on the heap.
  const Blob& blob() const { return blob_; }

  Version version() const { return version_; }

  Fingerprint fingerprint() const { return fingerprint_; }

 private:
  void map_shared();
  void freeze_shared();

  std::shared_ptr<const Manifest> manifest_;
  std::byte* data_ = nullptr;  // on the heap, mapped over memory_, or blob_'s
  Descriptor memory_;          // shared, while it may be written
  Blob blob_;                  // shared, once it may not
  bool sealed_ = false;
  Version version_ = 0;
  Fingerprint fingerprint_ = 0;
};

// Error(corrupt) naming both unless they are equal.
void check_fingerprint(Version version, Fingerprint found, Fingerprint announced);

}  // namespace tramontane
