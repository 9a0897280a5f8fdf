#pragma once
// A ReachedMark is a small file beside a store that says how far the store had got: what a store
// that is opened again must still hold.
//
//   ReachedMark mark(folder);
//   mark.written(store, changes);   // with the system; a power cut may take it back
//   mark.synced(changes);           // on disk
//   …
//   if (auto reached = read_mark(folder)) CHECK(store holds reached->required());
//
// FOLDER/REACHED holds 56 bytes, numbers little-endian:
//
//    0  8  "tramark1"
//    8  8  the boot of the machine that wrote it (a hash; 0: not known)
//   16  8  changes written     24  8  changes synced
//   32  8  the manifest's number   40  8  how much of it was written, bytes
//   48  4  CRC-32C of bytes 0 to 47    52  4  zero
//
// It is never ahead of the store: each figure is put down after what it tells of. Thread rule: one
// thread at a time; other processes may read.

#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {

struct Reached {
  std::uint64_t written = 0;
  std::uint64_t synced = 0;
  std::uint64_t manifest = 0;
  std::uint64_t manifest_bytes = 0;
  bool same_boot = false;  // the system that took the writes has not ended since

  std::uint64_t required() const { return same_boot ? written : synced; }
};

// Nothing where there is none. Error(corrupt) if it is damaged.
std::optional<Reached> read_mark(const std::string& folder);

class ReachedMark {
 public:
  // Error(io) if the file cannot be made.
  explicit ReachedMark(const std::string& folder);
  ~ReachedMark();
  ReachedMark(const ReachedMark&) = delete;
  ReachedMark& operator=(const ReachedMark&) = delete;

  void written(std::uint64_t changes);
  void synced(std::uint64_t changes);
  void manifest(std::uint64_t number, std::uint64_t bytes);

 private:
  void put();

  int descriptor_ = -1;
  std::uint64_t boot_ = 0;
  Reached reached_;
};

}  // namespace tramontane
