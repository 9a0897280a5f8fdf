#pragma once
// Files is the thin layer between storage and the operating system's files: whole reads, durable
// writes, renames. Tests replace it by one that fails, tears and crashes (tests/support).
//
//   auto files = system_files();
//   write_durably(*files, folder + "/best.json", bytes);   // old content or new, never half
//   auto map = files->map(folder + "/weights");            // read-only, page by page
//
// Paths are used as given. Throws Error(not_found) for what is absent, Error(io) naming path and
// cause for everything else. Any thread; nobody else may write the same path at the time.

#include "runtime/base/bytes.h"
#include "runtime/base/pieces.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tramontane {

// A file's bytes, mapped read-only for the life of this object.
class MappedFile {
 public:
  virtual ~MappedFile() = default;

  virtual ByteView bytes() const = 0;
};

class Files {
 public:
  virtual ~Files() = default;

  virtual Bytes read(const std::string& path) const = 0;
  virtual std::unique_ptr<MappedFile> map(const std::string& path) const = 0;

  // Names of a folder's entries, sorted, without "." and "..".
  virtual std::vector<std::string> list(const std::string& folder) const = 0;
  virtual bool exists(const std::string& path) const = 0;

  // Writes a whole file and its content to disk; an existing one is replaced, not atomically. The
  // content is the views', end to end.
  void write(const std::string& path, ByteView bytes) { write_views(path, {&bytes, 1}); }

  void write(const std::string& path, const Pieces& pieces) { write_views(path, pieces.views()); }

  virtual void write_views(const std::string& path, std::span<const ByteView> views) = 0;

  // Atomic; replaces a file (or an empty folder) of that name.
  virtual void rename(const std::string& source, const std::string& target) = 0;
  // Makes renames and new names in the folder durable.
  virtual void sync_folder(const std::string& folder) = 0;
  // With its parents; nothing if it is there.
  virtual void make_folder(const std::string& folder) = 0;
  // A file or a whole folder; nothing if it is absent.
  virtual void remove(const std::string& path) = 0;
};

std::unique_ptr<Files> system_files();

// Writes under a temporary name beside it, syncs, renames, syncs the folder.
void write_durably(Files& files, const std::string& path, ByteView bytes);

// The folder part of a path: "." if there is none.
std::string folder_of(const std::string& path);

}  // namespace tramontane
