#include "runtime/wire/blob.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

constexpr int seals_wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

[[noreturn]] void fail(const char* what) {
  throw Error(Errc::io, str("shared memory: ", what, ": ", std::strerror(errno)));
}

std::size_t size_of(int descriptor) {
  struct stat about {};

  if (::fstat(descriptor, &about) != 0) fail("its size");
  return static_cast<std::size_t>(about.st_size);
}

// The kernel refuses while a page is held for a moment, as when it is being moved; it has waited
// for a while by then.
bool seal(int descriptor) {
  constexpr int attempts = 20;
  for (int i = 0; i < attempts; ++i) {
    if (::fcntl(descriptor, F_ADD_SEALS, seals_wanted) == 0) return true;
    if (errno != EBUSY) return false;
  }
  return false;
}

// Written, not mapped: the kernel does not clear pages that are written whole.
void write(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) fail("writing");
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

constexpr std::size_t huge_page = 2 << 20;

}  // namespace

void BlobMemory::Free::operator()(std::byte* memory) const {
  if (mapped == 0) {
    ::operator delete(memory);
  } else {
    ::munmap(memory, mapped);
  }
}

BlobMemory::BlobMemory(std::size_t bytes) {
  if (bytes < 2 * huge_page) {
    owner_.reset(static_cast<std::byte*>(::operator new(bytes, std::nothrow)));
    if (owner_ == nullptr) fail("as much as a blob takes");
    bytes_ = {owner_.get(), bytes};
    return;
  }
  std::size_t room = bytes + huge_page;
  void* memory = ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("as much as a blob takes");
  owner_ = {static_cast<std::byte*>(memory), Free{room}};
  void* aligned = memory;
  bytes_ = {static_cast<std::byte*>(std::align(huge_page, bytes, aligned, room)), bytes};
  ::madvise(bytes_.data(), bytes, MADV_HUGEPAGE);  // where there are none, in small ones
}

struct Blob::Content {
  ~Content() {
    if (mapped != nullptr) ::munmap(mapped, size);
  }

  ByteView own() const { return heap.empty() ? ByteView(memory.bytes()) : ByteView(heap); }

  std::mutex mutex;  // guards the rest, once made
  Bytes heap;
  BlobMemory memory;
  Descriptor descriptor;
  std::size_t size = 0;
  void* mapped = nullptr;
};

Blob Blob::from_bytes(Bytes bytes) {
  Blob blob;
  blob.content_ = std::make_shared<Content>();
  blob.content_->size = bytes.size();
  blob.content_->heap = std::move(bytes);
  return blob;
}

Blob Blob::from_memory(BlobMemory memory) {
  Blob blob;
  blob.content_ = std::make_shared<Content>();
  blob.content_->size = memory.bytes().size();
  blob.content_->memory = std::move(memory);
  return blob;
}

Blob Blob::from_descriptor(Descriptor descriptor) {
  int seals = ::fcntl(descriptor.get(), F_GET_SEALS);
  if (seals < 0 || (seals & seals_wanted) != seals_wanted)
    throw Error(
        Errc::bad_input, "a blob that is no shared memory sealed against writing and resizing");
  Blob blob;
  blob.content_ = std::make_shared<Content>();
  blob.content_->size = size_of(descriptor.get());
  blob.content_->descriptor = std::move(descriptor);
  return blob;
}

std::size_t Blob::size() const {
  return content_ ? content_->size : 0;
}

ByteView Blob::bytes() const {
  if (!content_ || content_->size == 0) return {};
  Content& c = *content_;
  std::lock_guard lock(c.mutex);
  if (!c.own().empty()) return c.own();
  if (c.mapped == nullptr) {
    void* mapped = ::mmap(nullptr, c.size, PROT_READ, MAP_SHARED, c.descriptor.get(), 0);
    if (mapped == MAP_FAILED) fail("mapping");
    c.mapped = mapped;
  }
  return {static_cast<const std::byte*>(c.mapped), c.size};
}

int Blob::descriptor() const {
  TRAM_CHECK(content_ != nullptr, "the descriptor of no blob");
  Content& c = *content_;
  std::lock_guard lock(c.mutex);
  if (!c.descriptor) {
    Descriptor memory = shared_memory("tram-blob", c.size);
    write(memory.get(), c.own());
    c.descriptor = sealed_for_reading(memory);
  }
  return c.descriptor.get();
}

Descriptor shared_memory(const std::string& name, std::size_t bytes) {
  Descriptor memory(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) fail("memfd_create");
  if (::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0) fail("its size");
  return memory;
}

Descriptor sealed_for_reading(const Descriptor& memory) {
  if (!seal(memory.get())) fail("sealing");
  // Opened anew, as what may be done through a descriptor is fixed when it is opened.
  Descriptor reading(::open(str("/proc/self/fd/", memory.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!reading) fail("opening for reading");
  return reading;
}

}  // namespace tramontane
