#pragma once
// The logs of a RocksDB store, read without it. RocksDB goes on without what it cannot read at the
// end of a log, and takes a damaged record for one that a crash cut off; here it is told apart.
//
//   LogState logs = check_logs(folder);
//   if (logs.damage && logs.damage->more_follows) …   // no crash leaves that
//
// A log is blocks of 32 KiB of records: checksum (CRC-32C) 4, length 2, type 1, then its bytes. A
// record's parts (types: whole 1, first 2, middle 3, last 4) together are one atomic write: the
// number of its first change 8, their count 4, the changes. Numbers go on without a gap, from
// record to record and from log to log.
//
// May be read while another process writes; it then sees a log that is cut off.

#include "runtime/base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tramontane {

struct LogDamage {
  std::string path;
  std::uint64_t offset = 0;  // where what can be read ends
  std::string why;
  bool more_follows = false;  // whole records lie behind it: it is no log that a crash cut off
};

struct LogState {
  std::uint64_t reached = 0;  // the last change that can be read; 0: the logs are empty
  std::optional<LogDamage> damage;
};

// All write-ahead logs of the store in this folder, in their order. A last record that is not all
// there is damage behind which nothing follows.
LogState check_logs(const std::string& folder);

// Any one file of this format. The offset of the damage, or the file's size, is how much of it can
// be read.
std::optional<LogDamage> check_log(const std::string& path);

// Puts what can be read of the logs in place of the logs. The damaged one and those after it are
// kept in `folder`/damaged as they were.
void cut_logs(const std::string& folder, const LogDamage& damage);

// What can be read of the logs, copied to another folder.
void copy_readable_logs(const std::string& folder, const std::string& to);

std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);

}  // namespace tramontane
