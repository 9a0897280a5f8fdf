#pragma once
// A TemporaryFolder exists as long as this object, in $TMPDIR or where the system keeps such.
//
//   TemporaryFolder folder;
//   copy_readable_logs(from, folder.path());

#include <string>

namespace tramontane {

class TemporaryFolder {
 public:
  // Error(io) if there can be none.
  TemporaryFolder();
  // Removes it with all that lies in it.
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tramontane
