#pragma once
// MemoryFiles are Files that lie in memory: the disk of a simulated host, which outlives the
// processes that are simulated on it. What was written is on it at once.

#include "runtime/base/result.h"
#include "storage/file.h"

#include <map>
#include <set>
#include <string>

namespace tramontane {

class MemoryFiles final : public Files {
 public:
  Bytes read(const std::string& path) const override { return found(path)->second; }

  std::unique_ptr<MappedFile> map(const std::string& path) const override {
    return std::make_unique<Copy>(read(path));
  }

  std::vector<std::string> list(const std::string& folder) const override {
    std::set<std::string> names;
    auto note = [&](const std::string& path) {
      if (path.size() > folder.size() + 1 && path.starts_with(folder + "/"))
        names.insert(
            path.substr(folder.size() + 1, path.find('/', folder.size() + 1) - folder.size() - 1));
    };
    for (const auto& [path, bytes] : files_) note(path);
    for (const auto& path : folders_) note(path);
    return {names.begin(), names.end()};
  }

  bool exists(const std::string& path) const override {
    return files_.count(path) > 0 || folders_.count(path) > 0;
  }

  void write_views(const std::string& path, std::span<const ByteView> views) override {
    Bytes& file = files_[path];
    file.clear();
    for (ByteView view : views) file.insert(file.end(), view.begin(), view.end());
  }

  void rename(const std::string& source, const std::string& target) override {
    remove(target);
    if (auto file = files_.extract(source)) {
      file.key() = target;
      files_.insert(std::move(file));
      return;
    }
    if (folders_.erase(source) == 0) throw Error(Errc::not_found, source + ": it is not there");
    folders_.insert(target);
    std::string prefix = source + "/";
    for (auto at = files_.lower_bound(prefix);
         at != files_.end() && at->first.starts_with(prefix);) {
      auto file = files_.extract(at++);
      file.key() = target + "/" + file.key().substr(prefix.size());
      files_.insert(std::move(file));
    }
  }

  void sync_folder(const std::string&) override {}

  void make_folder(const std::string& folder) override { folders_.insert(folder); }

  void remove(const std::string& path) override {
    files_.erase(path);
    folders_.erase(path);
    std::erase_if(files_, [&](const auto& file) { return file.first.starts_with(path + "/"); });
  }

 private:
  class Copy final : public MappedFile {
   public:
    explicit Copy(Bytes bytes) : bytes_(std::move(bytes)) {}

    ByteView bytes() const override { return bytes_; }

   private:
    Bytes bytes_;
  };

  std::map<std::string, Bytes>::const_iterator found(const std::string& path) const {
    auto file = files_.find(path);
    if (file == files_.end()) throw Error(Errc::not_found, path + ": it is not there");
    return file;
  }

  std::map<std::string, Bytes> files_;
  std::set<std::string> folders_;
};

}  // namespace tramontane
