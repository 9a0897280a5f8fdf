#pragma once
// Finds what is missing or damaged in a RocksDB store that no crash explains, before RocksDB takes
// it for the end of the store: its logs, its manifest, the file that names that, and how far all of
// them reach.
//
//   check_store(folder, {}, [&] { return last_change_in_tables; });

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tramontane {

struct StoreCheck {
  bool read_only = false;  // beside a writer, perhaps
  bool cut = false;        // damaged logs are cut off (write_log.h) instead of refused
  bool skip_logs = false;  // they are not looked at
};

// Error(corrupt) naming the file and what is lost, having changed nothing; Error(not_found) if
// nothing is there to be read. `reached_by_tables` gives the last change in the tables; it is asked
// only where the logs say nothing.
void check_store(const std::string& folder, StoreCheck how,
    const std::function<std::uint64_t()>& reached_by_tables);

// The manifest that is in force, and how much of it there is; nothing if that cannot be told.
struct ManifestFile {
  std::string path;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

std::optional<ManifestFile> manifest_of(const std::string& folder);

}  // namespace tramontane
