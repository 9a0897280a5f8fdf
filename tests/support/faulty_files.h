#pragma once
// FaultyFiles passes every operation on to the system's files, until the one it was told to spoil.
//
//   FaultyFiles files(*system, {.at = 3, .fault = Fault::torn});   // the third change tears
//
// Changes are counted from 1: write, rename, sync_folder, make_folder, remove.

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

enum class Fault : std::uint8_t {
  none,
  refuse,     // the change does nothing and throws Error(io), as on a full disk; later ones work
  torn,       // half of a write reaches the file, then as `refuse`
  crash,      // the change does nothing, nor does any later one: the process is gone
  torn_crash  // half of a write reaches the file, then as `crash`
};

struct FaultPlan {
  std::uint64_t at = 0;
  Fault fault = Fault::none;
};

// What a crash throws: no Error, so that nothing handles it by mistake.
struct Crashed {};

class FaultyFiles final : public Files {
 public:
  FaultyFiles(Files& files, FaultPlan plan) : files_(files), plan_(plan) {}

  std::uint64_t changes() const { return changes_; }

  // What was asked for, in order: "write folder/file", "sync folder" and so on.
  const std::vector<std::string>& history() const { return history_; }

  Bytes read(const std::string& path) const override { return files_.read(path); }

  std::unique_ptr<MappedFile> map(const std::string& path) const override {
    return files_.map(path);
  }

  std::vector<std::string> list(const std::string& folder) const override {
    return files_.list(folder);
  }

  bool exists(const std::string& path) const override { return files_.exists(path); }

  void write_views(const std::string& path, std::span<const ByteView> views) override {
    bool tears = plan_.fault == Fault::torn || plan_.fault == Fault::torn_crash;
    if (changes_ + 1 == plan_.at && tears) {
      Pieces all;
      for (ByteView view : views) all.borrow(view);
      Bytes bytes = all.joined();
      files_.write(path, ByteView(bytes).first(bytes.size() / 2));
    }
    count("write", path);
    files_.write_views(path, views);
  }

  void rename(const std::string& source, const std::string& target) override {
    count("rename to", target);
    files_.rename(source, target);
  }

  void sync_folder(const std::string& folder) override {
    count("sync", folder);
    files_.sync_folder(folder);
  }

  void make_folder(const std::string& folder) override {
    count("make", folder);
    files_.make_folder(folder);
  }

  void remove(const std::string& path) override {
    count("remove", path);
    files_.remove(path);
  }

 private:
  void count(const char* what, const std::string& path) {
    ++changes_;
    history_.push_back(str(what, " ", path));
    bool dies = plan_.fault == Fault::crash || plan_.fault == Fault::torn_crash;
    if (dies && changes_ >= plan_.at) throw Crashed();
    if (plan_.fault != Fault::none && changes_ == plan_.at) {
      throw Error(Errc::io, str(path, ": writing failed: No space left on device"));
    }
  }

  Files& files_;
  FaultPlan plan_;
  std::uint64_t changes_ = 0;
  std::vector<std::string> history_;
};

}  // namespace tramontane
