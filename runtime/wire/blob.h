#pragma once
// A Blob is immutable bytes that travel beside a message instead of inside it: weights, rarely
// anything else. Inside a process a pointer changes hands; to another process on this host goes a
// descriptor of shared memory, so that nothing is copied however many read it.
//
//   Blob blob = Blob::from_bytes(std::move(bytes));
//   ByteView view = blob.bytes();                  // as long as a copy of `blob` lives
//
// A message has blobs once its Codec says where they are (runtime/wire/message.h). Copies share
// one content. Thread rule: any; a Blob itself is used like any value.

#include "runtime/base/bytes.h"
#include "runtime/base/descriptor.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace tramontane {

// Memory of this process that is written once, and then becomes a blob. What it held before is not
// cleared; where it is large it comes in huge pages, if the system gives any.
class BlobMemory {
 public:
  BlobMemory() = default;  // none

  // Error(io) if there is not so much.
  explicit BlobMemory(std::size_t bytes);

  std::span<std::byte> bytes() const { return bytes_; }

 private:
  struct Free {
    std::size_t mapped;  // bytes from where the owner points; 0: not mapped
    void operator()(std::byte* memory) const;
  };

  std::unique_ptr<std::byte, Free> owner_;
  std::span<std::byte> bytes_;
};

class Blob {
 public:
  Blob() = default;  // none

  static Blob from_bytes(Bytes bytes);
  static Blob from_memory(BlobMemory memory);
  // Shared memory that nobody writes or resizes any more (sealed against it), mapped read-only when
  // it is first looked at. Error(bad_input) if it is no sealed memory, so that a peer who shrinks
  // it cannot kill us, and none can change what was verified.
  static Blob from_descriptor(Descriptor descriptor);

  explicit operator bool() const { return content_ != nullptr; }

  std::size_t size() const;
  // Error(io) if it cannot be mapped.
  ByteView bytes() const;
  // Of shared memory with these bytes, read-only; made at the first call where there is none yet,
  // which copies them once. The blob keeps it. Error(io).
  int descriptor() const;

  bool operator==(const Blob& other) const { return content_ == other.content_; }

 private:
  struct Content;

  std::shared_ptr<Content> content_;
};

// New shared memory of that many bytes, zeroed, open for writing; `name` is for /proc. Error(io).
Descriptor shared_memory(const std::string& name, std::size_t bytes);

// Seals it against writing, growing and shrinking, for good and through every descriptor, and gives
// one through which it can only be read. Error(io) while anybody has it mapped for writing.
Descriptor sealed_for_reading(const Descriptor& memory);

}  // namespace tramontane
