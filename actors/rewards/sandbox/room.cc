#include "actors/rewards/sandbox/room.h"

#include "runtime/base/check.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace tramontane::sandbox {
namespace {

constexpr std::uint32_t slots = 500;
constexpr std::uint32_t first_user_id = 60000;

std::string failed(const std::string& what) {
  return str(what, ": ", std::strerror(errno));
}

bool write_file(const char* path, const std::string& text) {
  Descriptor file(open(path, O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Read-only for all mounts below `path`; devices work on read-only mounts.
bool make_read_only(const std::string& path, std::uint64_t further) {
  mount_attr attributes{.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | further};
  return mount_setattr(AT_FDCWD, path.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) == 0;
}

// What the host has at `path`, below the root: a bind of the folder, or the same symbolic link.
std::string show_folder(const std::string& root, const std::string& path) {
  struct stat status {};

  if (lstat(path.c_str(), &status) != 0) return "";  // as /lib64 on some machines
  std::string target = root + path;
  if (S_ISLNK(status.st_mode)) {
    std::error_code error;
    auto link = std::filesystem::read_symlink(path, error);
    bool made = !error && symlink(link.c_str(), target.c_str()) == 0;
    return made ? "" : failed("symlink " + target);
  }
  if (mkdir(target.c_str(), 0755) != 0) return failed("mkdir " + target);
  if (mount(path.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return failed("bind mount of " + path);
  return make_read_only(target, MOUNT_ATTR_NODEV) ? "" : failed("read-only mount of " + path);
}

std::string show_device(const std::string& root, const std::string& path) {
  std::string target = root + path;
  Descriptor file(open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
  if (!file) return failed("creating " + target);
  if (mount(path.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return failed("bind mount of " + path);
  return make_read_only(target, MOUNT_ATTR_NOEXEC) ? "" : failed("read-only mount of " + path);
}

}  // namespace

Work::Work(Work&& other) noexcept
    : root(std::move(other.root)), folder(std::exchange(other.folder, "")) {}

Work& Work::operator=(Work&& other) noexcept {
  std::swap(root, other.root);
  std::swap(folder, other.folder);
  return *this;
}

Work::~Work() {
  std::error_code ignored;
  if (!folder.empty()) std::filesystem::remove_all(folder, ignored);
}

Room::Room() : is_root_(geteuid() == 0) {
  take_slot();
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::vector<std::string> why;
    cgroups_[lane] = std::make_unique<Cgroup>(str("tram-sandbox-", slot_, "-", lane), why);
    if (lane == 0) missing_.insert(missing_.end(), why.begin(), why.end());
  }
  std::string why = enter_namespaces();
  if (why.empty()) why = make_root();
  if (!why.empty()) {
    root_.clear();
    missing_.push_back("namespaces and a root of its own: " + why);
  }
  why.clear();
  filter_ = make_filter(why);
  if (!why.empty()) missing_.push_back("filter of system calls: " + why);
}

std::uint32_t Room::user_id(std::size_t lane) const {
  if (!is_root_) return 0;
  return first_user_id + slot_ * static_cast<std::uint32_t>(lanes) +
         static_cast<std::uint32_t>(lane);
}

// The first number that no other server of this machine holds: an abstract socket is bound once,
// and let go of when its process dies.
void Room::take_slot() {
  for (slot_ = 0; slot_ < slots; ++slot_) {
    Descriptor lock(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string name = str("tram-sandbox-slot-", slot_);
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (bind(lock.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) continue;
    slot_lock_ = std::move(lock);
    return;
  }
  slot_ = slots;
  missing_.push_back("user ids of its own: all slots are taken");
}

std::string Room::enter_namespaces() {
  if (!is_root_) {
    std::string user = str(geteuid());
    std::string group = str(getegid());
    if (unshare(CLONE_NEWUSER) != 0) return failed("a user namespace");
    write_file("/proc/self/setgroups", "deny");
    if (!write_file("/proc/self/uid_map", "0 " + user + " 1") ||
        !write_file("/proc/self/gid_map", "0 " + group + " 1"))
      return failed("mapping the user into a namespace");
    user_namespace_ = true;
  }

  struct Kind {
    int flag;
    const char* what;
  };

  for (auto [flag, what] : {Kind{CLONE_NEWNS, "a mount namespace"},
           {CLONE_NEWNET, "a network namespace"}, {CLONE_NEWUTS, "a uts namespace"},
           {CLONE_NEWIPC, "an ipc namespace"}, {CLONE_NEWCGROUP, "a cgroup namespace"}})
    if (unshare(flag) != 0) return failed(what);
  if (sethostname("sandbox", 7) != 0) return failed("a host name");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return failed("private mounts");
  return "";
}

std::string Room::make_root() {
  // Mounted over a folder that every machine has, in this mount namespace alone.
  std::string root;

  struct stat status {};

  for (const char* path : {"/srv", "/media", "/mnt", "/opt", "/home"})
    if (root.empty() && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) root = path;
  if (root.empty()) return "none of the folders /srv, /media, /mnt, /opt, /home to mount it on";
  if (mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID, "size=1m,mode=755") != 0)
    return failed("a tmpfs as root");
  for (const char* path : {"/usr", "/bin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::string why = show_folder(root, path);
    if (!why.empty()) return why;
  }
  if (mkdir((root + "/dev").c_str(), 0755) != 0 || mkdir((root + "/work").c_str(), 0755) != 0 ||
      symlink("work", (root + "/tmp").c_str()) != 0)
    return failed("folders of the root");
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"}) {
    std::string why = show_device(root, path);
    if (!why.empty()) return why;
  }
  root_ = root;
  return "";
}

Work Room::make_work(std::uint64_t bytes, std::size_t lane) const {
  Work work;
  if (!isolated()) {
    std::string folder = (std::filesystem::temp_directory_path() / "tram-sandbox-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return work;
    work.folder = folder;
    work.root = Descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (user_id(lane) != 0 && chown(folder.c_str(), user_id(lane), user_id(lane)) != 0)
      work.root.close();
    return work;
  }
  Descriptor made(fsopen("tmpfs", FSOPEN_CLOEXEC));
  auto option = [&](const char* key, const std::string& value) {
    return fsconfig(made.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
  };
  std::string owner = str(user_id(lane));
  bool fine = made && option("size", str(bytes)) && option("nr_inodes", "10000") &&
              option("mode", "0700") && option("uid", owner) && option("gid", owner) &&
              fsconfig(made.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  if (fine)
    work.root =
        Descriptor(fsmount(made.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  return work;
}

}  // namespace tramontane::sandbox
