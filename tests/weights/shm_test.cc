// Weights in shared memory: what may be offered, what is refused, and that nobody can change what
// somebody reads.
#include "actors/model/arena.h"
#include "actors/model/policy.h"
#include "actors/weights/transport.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::shared_ptr<const Manifest> micro() {
  return std::make_shared<const Manifest>(model_manifest(preset("micro", 21)));
}

struct Link {
  // Sealed, with weights that `seed` decides.
  std::shared_ptr<const Arena> version(Version version, std::uint64_t seed) {
    auto arena = shm.sender->make_arena(manifest);
    initialise(*arena, preset("micro", 21), seed);
    arena->seal(version);
    return arena;
  }

  std::string refusal(Version version, Fingerprint announced, const Blob& weights) {
    try {
      shm.receiver(manifest)->fetch(version, announced, weights);
    } catch (const Error& error) {
      return error.text();
    }
    return "";
  }

  std::shared_ptr<const Manifest> manifest = micro();
  WeightLink shm = shm_transport();
};

// The blob as another process gets it: a descriptor of its own.
Blob sent(const Blob& blob) {
  return Blob::from_descriptor(Descriptor(::fcntl(blob.descriptor(), F_DUPFD_CLOEXEC, 0)));
}

// Shared memory with these bytes, sealed.
Blob sealed(ByteView bytes) {
  Descriptor memory = shared_memory("test", bytes.size());
  REQUIRE(
      ::pwrite(memory.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return Blob::from_descriptor(sealed_for_reading(memory));
}

std::string hex(Fingerprint fingerprint) {
  char text[17];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(fingerprint));
  return text;
}

// A child that runs `body` with a byte to say that it has come so far, and is then killed.
template <class Body>
void killed_child(const Body& body) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      body();
      static_cast<void>(::write(pipe[1], "x", 1));
      for (;;) ::pause();
    } catch (...) {
      ::_exit(1);  // never back into the test
    }
  }
  char byte = 0;
  CHECK(::read(pipe[0], &byte, 1) == 1);
  ::kill(child, SIGKILL);
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace

TEST_CASE("an arena in shared memory is as one on the heap, and is received as it is") {
  Link link;
  auto arena = link.version(4, 10);
  Arena heap(link.manifest);
  initialise(heap, preset("micro", 21), 10);
  heap.seal(4);
  CHECK(arena->fingerprint() == heap.fingerprint());
  CHECK_FALSE(heap.blob());
  Blob weights = link.shm.sender->publish(arena);
  REQUIRE(weights);
  CHECK(weights.size() == link.manifest->bytes());
  auto there = link.shm.receiver(link.manifest)->fetch(4, arena->fingerprint(), sent(weights));
  CHECK(there->sealed());
  CHECK(there->version() == 4);
  CHECK(there->fingerprint() == heap.fingerprint());
  CHECK(there->data() != arena->data());  // a mapping of its own
  CHECK(std::memcmp(there->data(), heap.data(), heap.manifest().bytes()) == 0);
  CHECK(there->floats("model.norm.weight")[0] == 1);
  // Inside a process not even the mapping is made twice.
  CHECK(link.shm.receiver(link.manifest)->fetch(4, arena->fingerprint(), weights)->data() ==
        arena->data());
  CHECK(ReadyWeights::prepare(preset("micro", 21), there)->fingerprint() == heap.fingerprint());
}

TEST_CASE("a byte that is another is refused with both fingerprints") {
  Link link;
  auto arena = link.version(2, 10);
  Bytes bytes(arena->blob().bytes().begin(), arena->blob().bytes().end());
  bytes[bytes.size() / 2] ^= std::byte{1};
  std::string why = link.refusal(2, arena->fingerprint(), sealed(bytes));
  CHECK(why == "weights of version 2 arrived with fingerprint " + hex(fingerprint_of(bytes)) +
                   ", announced was " + hex(arena->fingerprint()));
}

TEST_CASE("shared memory of another size is refused with both sizes") {
  Link link;
  auto arena = link.version(2, 10);
  Bytes bytes(arena->blob().bytes().begin(), arena->blob().bytes().end());
  for (std::size_t size : {bytes.size() - 1, bytes.size() + 4096}) {
    bytes.resize(size);
    CHECK(link.refusal(2, arena->fingerprint(), sealed(bytes)) ==
          str("weights of version 2 arrived as ", size, " bytes, the model's are ",
              link.manifest->bytes()));
  }
}

TEST_CASE("an announcement without the memory is refused by its version") {
  Link link;
  CHECK(
      link.refusal(7, 1, {}) == "weights of version 7 were announced without their shared memory");
}

TEST_CASE("memory that somebody may still write or resize is no blob") {
  Descriptor memory = shared_memory("test", 4096);
  auto refused = [&](int descriptor) {
    CHECK_THROWS_WITH_AS(Blob::from_descriptor(Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0))),
        "a blob that is no shared memory sealed against writing and resizing", Error);
  };
  refused(memory.get());
  REQUIRE(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
  refused(memory.get());
  Descriptor file(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  refused(file.get());
}

TEST_CASE("nobody can write what was published, whatever he does with the descriptor") {
  Link link;
  auto arena = link.version(1, 10);
  Blob blob = arena->blob();
  int descriptor = blob.descriptor();
  auto* bytes = const_cast<std::byte*>(blob.bytes().data());
  errno = 0;
  CHECK(::mprotect(bytes, blob.size(), PROT_READ | PROT_WRITE) == -1);
  CHECK(errno == EACCES);
  CHECK(::mmap(nullptr, blob.size(), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) ==
        MAP_FAILED);
  CHECK(::pwrite(descriptor, "x", 1, 0) == -1);
  CHECK(::ftruncate(descriptor, 0) == -1);
  // The same user may open it anew for writing, but the seal is the memory's.
  Descriptor again(::open(str("/proc/self/fd/", descriptor).c_str(), O_RDWR | O_CLOEXEC));
  if (again) {
    CHECK(::pwrite(again.get(), "x", 1, 0) == -1);
    CHECK(errno == EPERM);
    CHECK(::mmap(nullptr, blob.size(), PROT_READ | PROT_WRITE, MAP_SHARED, again.get(), 0) ==
          MAP_FAILED);
    CHECK(::ftruncate(again.get(), 0) == -1);
    CHECK(::fallocate(again.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == -1);
  }
  CHECK(fingerprint_of(blob.bytes()) == arena->fingerprint());
}

TEST_CASE("what is not sealed is never published") {
  Link link;
  auto unsealed = link.shm.sender->make_arena(link.manifest);
  CHECK_THROWS_AS(link.shm.sender->publish(unsealed), Bug);
  CHECK_FALSE(unsealed->blob());
  auto heap = std::make_shared<Arena>(link.manifest);
  heap->seal(1);
  CHECK_THROWS_AS(link.shm.sender->publish(heap), Bug);
}

TEST_CASE("an arena whose writer was killed is no blob, however much of it was written") {
  Descriptor memory = shared_memory("test", 1 << 20);
  killed_child([&] {
    void* at = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    if (at == MAP_FAILED) ::_exit(1);
    std::memset(at, 1, 1 << 19);
  });
  CHECK_THROWS_AS(Blob::from_descriptor(std::move(memory)), Error);
}

TEST_CASE("memory that is still mapped for writing cannot be sealed") {
  Descriptor memory = shared_memory("test", 4096);
  void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  REQUIRE(at != MAP_FAILED);
  CHECK_THROWS_AS(sealed_for_reading(memory), Error);
  ::munmap(at, 4096);
  CHECK_NOTHROW(sealed_for_reading(memory));
}

TEST_CASE(
    "a process that is started while an arena is written does not keep it from being sealed") {
  Link link;
  auto arena = link.shm.sender->make_arena(link.manifest);
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0)
    for (;;) ::pause();
  CHECK_NOTHROW(arena->seal(1));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("a receiver that is killed while it maps changes nothing for the sender or the others") {
  Link link;
  auto arena = link.version(3, 10);
  Blob weights = link.shm.sender->publish(arena);
  auto other = link.shm.receiver(link.manifest)->fetch(3, arena->fingerprint(), sent(weights));
  for (int i = 0; i < 3; ++i) {
    killed_child([&] {
      auto there = link.shm.receiver(link.manifest)->fetch(3, arena->fingerprint(), sent(weights));
      if (there->fingerprint() != arena->fingerprint()) ::_exit(1);
    });
  }
  CHECK(fingerprint_of(arena->bytes()) == arena->fingerprint());
  CHECK(fingerprint_of(other->bytes()) == arena->fingerprint());
}

TEST_CASE("a version is there while anybody has its blob, and no longer") {
  Link link;
  auto arena = link.version(5, 10);
  Fingerprint announced = arena->fingerprint();
  Blob weights = link.shm.sender->publish(arena);
  arena.reset();
  for (Version later = 6; later < 12; ++later) link.shm.sender->publish(link.version(later, later));
  auto there = link.shm.receiver(link.manifest)->fetch(5, announced, weights);
  CHECK(fingerprint_of(there->bytes()) == announced);
  std::string path = str("/proc/self/fd/", weights.descriptor());
  CHECK(::access(path.c_str(), F_OK) == 0);
  weights = Blob();
  CHECK(::access(path.c_str(), F_OK) == 0);  // the arena over it holds it
  CHECK(fingerprint_of(there->bytes()) == announced);
  there.reset();
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("each version is other memory: one that is read does not change when the next is made") {
  Link link;
  auto first = link.version(1, 10);
  auto reader = link.shm.receiver(link.manifest)->fetch(1, first->fingerprint(), first->blob());
  Bytes before(reader->bytes().begin(), reader->bytes().end());
  first.reset();
  auto second = link.version(2, 11);
  CHECK(second->data() != reader->data());
  CHECK(std::memcmp(before.data(), reader->bytes().data(), before.size()) == 0);
}
