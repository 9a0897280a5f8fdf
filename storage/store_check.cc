#include "storage/store_check.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "storage/reached_mark.h"
#include "storage/write_log.h"

#include <cstdlib>
#include <filesystem>

namespace tramontane {
namespace {

[[noreturn]] void lost(const std::string& what) {
  throw Error(Errc::corrupt, what + ". Nothing was changed");
}

// A store that lost the file that names all others would be begun anew over what is left of it.
void check_current(const std::string& folder, bool read_only) {
  auto files = system_files();
  if (files->exists(folder + "/CURRENT")) return;
  if (files->exists(folder)) {
    for (const auto& name : files->list(folder)) {
      // Also a log that is empty: RocksDB makes none before that file.
      if (name.ends_with(".log") || name.ends_with(".sst"))
        lost(str(folder, "/CURRENT is missing, although ", name, " of this store is there"));
    }
  }
  if (read_only)
    throw Error(Errc::not_found, folder + ": there is no store in this folder: check the path");
}

void check_manifest(const std::string& folder, const std::optional<Reached>& mark) {
  auto manifest = manifest_of(folder);
  if (!manifest) return;
  std::optional<LogDamage> damage;
  try {
    damage = check_log(manifest->path);
  } catch (const Error& error) {
    if (error.errc() == Errc::not_found) return;  // its writer has begun another
    throw;
  }
  std::uint64_t readable = damage ? damage->offset : manifest->bytes;
  bool marked = mark && mark->manifest == manifest->number;
  if (marked && readable < mark->manifest_bytes && !damage)
    lost(str(
        manifest->path, " was cut short: it has ", readable, " bytes of ", mark->manifest_bytes));
  if (damage && (damage->more_follows || (marked && readable < mark->manifest_bytes)))
    lost(str(manifest->path, " is damaged at byte ", readable, ": ", damage->why));
}

// A mark only tells what is missing; who goes on without that needs none.
std::optional<Reached> mark_if_whole(const std::string& folder) {
  try {
    return read_mark(folder);
  } catch (const Error& error) {
    if (error.errc() != Errc::corrupt) throw;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ManifestFile> manifest_of(const std::string& folder) {
  try {
    auto current = system_files()->read(folder + "/CURRENT");
    std::string name(as_text(current));
    while (!name.empty() && name.back() == '\n') name.pop_back();
    ManifestFile manifest{folder + "/" + name};
    auto dash = name.rfind('-');
    if (!name.starts_with("MANIFEST-")) return std::nullopt;
    manifest.number = std::strtoull(name.c_str() + dash + 1, nullptr, 10);
    manifest.bytes = std::filesystem::file_size(manifest.path);
    return manifest;
  } catch (const Error&) {
    return std::nullopt;  // RocksDB says what is wrong with it
  } catch (const std::filesystem::filesystem_error&) {
    return std::nullopt;
  }
}

void check_store(const std::string& folder, StoreCheck how,
    const std::function<std::uint64_t()>& reached_by_tables) {
  check_current(folder, how.read_only);
  if (!system_files()->exists(folder + "/CURRENT")) return;
  // Before the logs, to which a writer may add.
  auto mark = how.cut || how.skip_logs ? mark_if_whole(folder) : read_mark(folder);
  check_manifest(folder, mark);
  if (how.skip_logs) return;
  auto logs = check_logs(folder);
  std::uint64_t required = mark ? mark->required() : 0;
  std::uint64_t reached = logs.reached;
  if (reached == 0 && required > 0) reached = reached_by_tables();
  bool missing = reached < required;
  // A power cut may leave later writes and not earlier ones; what was synced is there.
  bool power_cut = mark && !mark->same_boot && !missing;
  bool damaged = logs.damage && logs.damage->more_follows && !power_cut;
  bool drop_end = logs.damage && logs.damage->more_follows && power_cut && !how.read_only;
  bool give_up = logs.damage && (logs.damage->more_follows || missing) && how.cut;
  if (drop_end || give_up) cut_logs(folder, *logs.damage);
  if (how.cut || (!damaged && !missing)) return;
  std::string what = logs.damage ? str(logs.damage->path, " is damaged at byte ",
                                       logs.damage->offset, ": ", logs.damage->why)
                                 : str(folder, ": a log was removed or cut short");
  if (missing)
    what += str("; changes ", reached + 1, " to ", required, ", which had been written, are lost");
  lost(what);
}

}  // namespace tramontane
