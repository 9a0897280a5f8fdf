#pragma once
// A CheckpointStore keeps a run's checkpoints: folders of files, each complete or absent.
//
//   CheckpointStore store(*files, run + "/checkpoints", {.keep_last = 3});
//   store.save(120, {{"model.safetensors", weights}, {"optimizer.bin", state}}, about);
//   if (auto checkpoint = store.newest_valid()) …
//
// On disk: checkpoints/step-000120/ holds the files and manifest.json:
//
//   { "format": 1, "version": 120,
//     "files": [ { "name": "model.safetensors", "size": 577536, "xxh3": "0123456789abcdef" }, … ],
//     "about": { … whatever the caller wants to find again … },
//     "check": "…" }                      // XXH3 of this object's text without "check"
//
// A folder is written as .writing-step-000120, synced, and renamed; one that goes for good is first
// renamed to .removed-step-000120. So a crash leaves only whole checkpoints and folders that begin
// with a dot, which the next save() removes. One that is replaced by another of its version waits
// as .removing-step-000120 and still counts while its successor is not there. best.json beside
// them names the best version.
//
// Kept: the best and the last `keep_last` ones. Versions above the one that was saved last are
// there only if a run went back, past damaged ones: they stay until they are replaced. Thread rule:
// one thread at a time; readers in other processes may look at any time.

#include "storage/file.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct CheckpointInfo {
  std::uint64_t version = 0;
  std::string folder;
  bool best = false;
  std::string problem;  // empty: every file is there with its size and hash
  std::uint64_t bytes = 0;
  boost::json::object about;

  bool valid() const { return problem.empty(); }
};

struct Checkpoint {
  std::uint64_t version = 0;
  std::string folder;
  std::map<std::string, Bytes> files;
  boost::json::object about;
  std::vector<std::string> skipped;  // newer ones that are damaged: "folder: why"
};

struct CheckpointOptions {
  std::uint32_t keep_last = 2;  // at least 1
};

class CheckpointStore {
 public:
  // `files` must outlive this. Nothing is written before the first save().
  CheckpointStore(Files& files, std::string folder, CheckpointOptions options);

  // Durable when it returns the folder's path; replaces one of the same version. On Error(io) the
  // checkpoints are as before. Nothing is copied.
  std::string save(std::uint64_t version, const std::map<std::string, Pieces>& files,
      const boost::json::object& about);
  std::string save(std::uint64_t version, const std::map<std::string, Bytes>& files,
      const boost::json::object& about);

  // Oldest first. Damaged ones have a `problem`. Reads every byte to check the hashes.
  std::vector<CheckpointInfo> list() const;

  // The newest that is whole, with what it skipped; nothing if there is none.
  std::optional<Checkpoint> newest_valid() const;

  // "folder: why" of each that is not whole, the newest first.
  std::vector<std::string> damaged() const;

  // Error(not_found) or Error(corrupt) naming the file.
  Checkpoint load(const std::string& folder) const;

  bool has(std::uint64_t version) const;

  // The best stays for as long as it is the best. It must exist. `score`: why it is.
  void mark_best(std::uint64_t version, double score);
  // Nothing if none was marked, or best.json does not say which: best_problem() then says why, and
  // none is removed until one is marked again.
  std::optional<std::uint64_t> best() const;
  std::optional<double> best_score() const;
  std::optional<std::string> best_problem() const;

 private:
  std::string folder_of_version(std::uint64_t version) const;
  std::map<std::uint64_t, std::string> folders() const;

  struct Best {
    std::uint64_t version = 0;
    double score = 0;
  };

  // What best.json says. Error(corrupt) if it makes no sense.
  std::optional<Best> read_best() const;
  void remove_leftovers();
  void remove_old(std::uint64_t newest);

  Files& files_;
  std::string folder_;
  CheckpointOptions options_;
};

// What the checkpoint in a folder says about itself; nothing where the folder is nobody's
// checkpoint. Error(corrupt) if its manifest is damaged.
boost::json::object about_checkpoint(const Files& files, const std::string& folder);

// That those of a checkpoint's files that are called `names` are as its manifest says:
// Error(corrupt) naming the one that is not, or that is missing. A folder without a manifest of
// this format is nobody's checkpoint (a model from elsewhere), and passes.
void check_files(
    const Files& files, const std::string& folder, const std::vector<std::string>& names);

}  // namespace tramontane
