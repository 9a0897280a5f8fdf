#include "actors/export/out_file.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tramontane {

OutFile::OutFile(const std::string& folder, const std::string& name)
    : path_(folder + "/" + name), draft_(path_ + ".new") {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  file_.reset(std::fopen(draft_.c_str(), "wbe"));
  if (!file_) fail();
}

OutFile::~OutFile() {
  if (!file_) return;
  file_.reset();
  std::remove(draft_.c_str());
}

void OutFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail();
}

void OutFile::close() {
  if (std::fflush(file_.get()) != 0) fail();
  file_.reset();
  if (std::rename(draft_.c_str(), path_.c_str()) != 0) fail();
}

void OutFile::fail() const {
  throw Error(Errc::io, str(path_, ": cannot be written: ", std::strerror(errno)));
}

}  // namespace tramontane
