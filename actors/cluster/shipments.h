#pragma once
// Shipments are files that clients send a head before they submit the jobs that name them. Each has
// a folder of its own, until its job takes it over or nobody goes on with it.
//
//   Shipments shipments(home + "/runs/.shipments");
//   shipments.add({ticket, "train.jsonl", 0, hash_of(bytes)}, bytes, now);
//   shipments.take(ticket, {{"train.jsonl", 4711, sum}}, run + "/files");
//
// Names are those of is_file_name() (job_files.h). A shipment has `shipped_most` bytes at most, and
// there are few of them at once; one that something is wrong with is dropped whole. Time is
// milliseconds. Thread rule: one at a time.

#include "runtime/base/bytes.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

inline constexpr std::uint64_t shipped_most = 64'000'000;  // bytes of one job's files

struct ShippedFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t sum = 0;  // hash_of() all of them
};

struct ShippedPiece {
  std::string ticket;  // 16 hexadecimal digits, drawn by the client
  std::string name;
  std::uint64_t offset = 0;  // pieces of a file come in order
  std::uint64_t sum = 0;     // hash_of() its bytes
};

class Shipments {
 public:
  // Removes what an earlier head left there.
  explicit Shipments(std::string folder);

  // Error(bad_input): it is none, or is more than a job may ship; Error(corrupt): its bytes are
  // not what the sum says; Error(full): there are too many shipments; Error(io): there is no room.
  void add(const ShippedPiece& piece, ByteView bytes, std::int64_t now);

  // Makes them a folder, on disk, which must not exist. Error(bad_input): what came is not that.
  void take(
      const std::string& ticket, const std::vector<ShippedFile>& files, const std::string& to);

  // Those that nobody has gone on with for ten minutes.
  void drop_idle(std::int64_t now);

  std::size_t size() const { return open_.size(); }

 private:
  struct Open {
    std::map<std::string, std::uint64_t> sizes;  // by name
    std::uint64_t bytes = 0;
    std::int64_t last_ms = 0;
  };

  std::string folder_of(const std::string& ticket) const;
  void store(const ShippedPiece& piece, ByteView bytes, Open& open);
  void drop(const std::string& ticket);

  const std::string folder_;
  std::map<std::string, Open> open_;
};

}  // namespace tramontane
