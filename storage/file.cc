#include "storage/file.h"

#include "runtime/base/check.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tramontane {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const char* doing, int error) {
  auto code = error == ENOENT || error == ENOTDIR ? Errc::not_found : Errc::io;
  throw Error(code, str(path, ": ", doing, " failed: ", std::strerror(error), file_remedy(error)));
}

// An open file descriptor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : path_(path) {
    do {
      fd_ = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    } while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) fail(path, "opening", errno);
  }

  ~Descriptor() { ::close(fd_); }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }

  std::size_t size() const {
    struct stat about {};

    if (::fstat(fd_, &about) != 0) fail(path_, "looking at it", errno);
    if (S_ISDIR(about.st_mode)) fail(path_, "reading", EISDIR);
    return static_cast<std::size_t>(about.st_size);
  }

  void sync() {
    if (::fsync(fd_) != 0) fail(path_, "syncing", errno);
  }

 private:
  std::string path_;
  int fd_ = -1;
};

class SystemMap final : public MappedFile {
 public:
  explicit SystemMap(const std::string& path) {
    Descriptor file(path, O_RDONLY);
    size_ = file.size();
    if (size_ == 0) return;  // an empty file cannot be mapped
    void* at = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
    if (at == MAP_FAILED) fail(path, "mapping", errno);
    data_ = static_cast<const std::byte*>(at);
  }

  ~SystemMap() override {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
  }

  SystemMap(const SystemMap&) = delete;
  SystemMap& operator=(const SystemMap&) = delete;

  ByteView bytes() const override { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

class SystemFiles final : public Files {
 public:
  Bytes read(const std::string& path) const override {
    Descriptor file(path, O_RDONLY);
    Bytes bytes(file.size());
    std::size_t done = 0;
    while (true) {
      if (done == bytes.size())
        bytes.resize(done + 4096);  // it may be growing, or not a plain file
      auto count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(path, "reading", errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }

  std::unique_ptr<MappedFile> map(const std::string& path) const override {
    return std::make_unique<SystemMap>(path);
  }

  std::vector<std::string> list(const std::string& folder) const override {
    std::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator at(folder, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error) fail(folder, "listing", error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const std::string& path) const override {
    std::error_code error;
    return fs::exists(path, error);
  }

  void write_views(const std::string& path, std::span<const ByteView> views) override {
    Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
    for (ByteView bytes : views) {
      while (!bytes.empty()) {
        auto count = ::write(file.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(path, "writing", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
      }
    }
    file.sync();
  }

  void rename(const std::string& source, const std::string& target) override {
    if (std::rename(source.c_str(), target.c_str()) != 0) {
      fail(str(source, " -> ", target), "renaming", errno);
    }
  }

  void sync_folder(const std::string& folder) override {
    Descriptor(folder, O_RDONLY | O_DIRECTORY).sync();
  }

  void make_folder(const std::string& folder) override {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) fail(folder, "making this folder", error.value());
  }

  void remove(const std::string& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) fail(path, "removing", error.value());
  }
};

}  // namespace

std::unique_ptr<Files> system_files() {
  return std::make_unique<SystemFiles>();
}

void write_durably(Files& files, const std::string& path, ByteView bytes) {
  std::string temporary = path + ".tmp";
  files.write(temporary, bytes);
  files.rename(temporary, path);
  files.sync_folder(folder_of(path));
}

std::string folder_of(const std::string& path) {
  auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace tramontane
