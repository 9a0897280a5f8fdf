#include "storage/temporary_folder.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace tramontane {

TemporaryFolder::TemporaryFolder() {
  std::error_code none;
  auto parent = std::filesystem::temp_directory_path(none);
  if (none)
    throw Error(Errc::io,
        str("there is no folder for temporary files: ", none.message(), "; set TMPDIR to one"));
  path_ = (parent / "tram-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr)
    throw Error(Errc::io, path_ + ": cannot make this folder");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code stays;
  std::filesystem::remove_all(path_, stays);
}

}  // namespace tramontane
