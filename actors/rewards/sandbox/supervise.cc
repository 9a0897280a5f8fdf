#include "actors/rewards/sandbox/supervise.h"

#include "actors/rewards/sandbox/jail.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace tramontane::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t tick_ms = 50;
constexpr std::int64_t grace_ms = 300;  // for init to reap and report, once told to end

struct Pipe {
  Descriptor reads;
  Descriptor writes;
};

// Descriptors of 10 and above, so that the program's own 0 to 5 are free.
Descriptor high(int low) {
  Descriptor closes(low);
  return Descriptor(low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 10));
}

Pipe make_pipe() {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  return {high(ends[0]), high(ends[1])};
}

bool write_all(int file, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    ssize_t wrote = write(file, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<std::size_t>(wrote);
  }
  return true;
}

// A file in memory that nobody can change any more, at its beginning.
Descriptor make_input(const std::string& bytes) {
  if (bytes.empty()) return high(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor file = high(memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  bool fine =
      file && write_all(file.get(), bytes) && lseek(file.get(), 0, SEEK_SET) == 0 &&
      fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
  if (!fine) file.close();
  return file;
}

// One program under way.
class Run {
 public:
  Run(Room& room, const Program& program, std::size_t lane)
      : room_(room), program_(program), lane_(lane) {}

  ~Run() {
    if (init_ <= 0) return;
    kill(init_, SIGKILL);
    waitpid(init_, nullptr, 0);
  }

  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Makes everything ready; the program waits for go(). False: outcome() has the reason.
  bool prepare(Shelf& shelf, Descriptor link_in, Descriptor link_out, int (*instead)());
  void go();

  bool running() const { return init_ > 0 && !over_; }

  // The descriptors to poll, and what to do when they have something.
  void add_polls(std::vector<pollfd>& polls) const;
  void serve(const std::vector<pollfd>& polls);
  // Acts on deadlines; `stalled_ms` of the time since go() was nobody's fault.
  void check_time(std::int64_t stalled_ms);
  Outcome finish(Shelf& shelf);

 private:
  bool refuse(std::string why);
  bool place_files();
  bool take(Descriptor& pipe, std::string& into, std::uint64_t limit);
  void end(Ending why);
  void judge(const Ended& ended);
  void collect();
  std::int64_t elapsed_ms() const;

  Room& room_;
  const Program& program_;
  std::size_t lane_;
  Outcome outcome_;
  Work work_;
  pid_t init_ = 0;
  Descriptor watch_, go_, report_, output_, errors_;
  std::optional<Ending> ended_by_us_;
  Clock::time_point began_{};
  std::int64_t told_at_ms_ = -1;  // when init was told to end
  bool over_ = false;
};

bool Run::refuse(std::string why) {
  outcome_.ending = Ending::sandbox_error;
  outcome_.error = std::move(why);
  return false;
}

bool Run::place_files() {
  for (const File& file : program_.files) {
    // What an earlier program left in that place goes, whatever it is; a folder stays, and refuses.
    unlinkat(work_.root.get(), file.name.c_str(), 0);
    Descriptor to(openat(work_.root.get(), file.name.c_str(),
        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    bool fine = to && write_all(to.get(), file.bytes) &&
                fchmod(to.get(), file.executable ? 0755 : 0644) == 0;
    if (!fine)
      return refuse(
          str("placing ", file.name, " (", file.bytes.size(), " bytes) in a work folder of ",
              program_.limits.file_bytes, " bytes: ", std::strerror(errno)));
  }
  return true;
}

bool Run::prepare(Shelf& shelf, Descriptor link_in, Descriptor link_out, int (*instead)()) {
  work_ = program_.work == 0 ? room_.make_work(program_.limits.file_bytes, lane_)
                             : shelf.take(program_.work);
  if (!work_.root) return refuse(str("no work folder: ", std::strerror(errno)));
  if (!place_files()) return false;
  Descriptor input = make_input(program_.input);
  Pipe output = make_pipe(), errors = make_pipe(), go = make_pipe(), report = make_pipe();
  if (program_.drop_output) output.writes = high(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!input || !output.writes || !errors.writes || !go.writes || !report.writes)
    return refuse(str("pipes: ", std::strerror(errno)));
  Cgroup& cgroup = room_.cgroup(lane_);
  // Init counts as well.
  std::string why = cgroup.limit(program_.limits.memory_bytes, program_.limits.processes + 1);
  if (!why.empty()) return refuse("limits of the cgroup: " + why);
  JailPlan plan{&program_, instead, lane_, work_.root.get(),
      {input.get(), output.writes.get(), errors.writes.get(), link_in.get(), link_out.get()},
      go.reads.get(), go.writes.get(), report.writes.get()};
  init_ = open_jail(room_, plan, watch_);
  if (init_ < 0) return refuse(str("clone: ", std::strerror(errno)));
  why = cgroup.enter(init_);
  if (!why.empty()) return refuse("entering the cgroup: " + why);
  go_ = std::move(go.writes);
  report_ = std::move(report.reads);
  output_ = std::move(output.reads);
  errors_ = std::move(errors.reads);
  for (int file : {output_.get(), errors_.get(), report_.get()}) fcntl(file, F_SETFL, O_NONBLOCK);
  if (program_.drop_output) output_.close();
  return true;
}

void Run::go() {
  began_ = Clock::now();
  if (write(go_.get(), "g", 1) != 1) end(Ending::sandbox_error);
  go_.close();
}

std::int64_t Run::elapsed_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_).count();
}

void Run::add_polls(std::vector<pollfd>& polls) const {
  for (int file : {output_.get(), errors_.get(), watch_.get()}) polls.push_back({file, POLLIN, 0});
}

// Reads what is there; what is above the limit is let go. False once the limit is passed.
bool Run::take(Descriptor& pipe, std::string& into, std::uint64_t limit) {
  char bytes[65536];
  bool within = true;
  while (pipe) {
    ssize_t got = read(pipe.get(), bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      pipe.close();
      break;
    }
    std::size_t room = limit - std::min<std::uint64_t>(limit, into.size());
    within = within && static_cast<std::size_t>(got) <= room;
    into.append(bytes, std::min<std::size_t>(room, static_cast<std::size_t>(got)));
    if (!within) break;  // do not race a flood: the caller looks at deadlines in between
  }
  return within;
}

void Run::serve(const std::vector<pollfd>& polls) {
  for (const pollfd& poll : polls) {
    if (poll.revents == 0 || over_) continue;
    if (poll.fd == output_.get() && !take(output_, outcome_.output, program_.limits.output_bytes))
      end(Ending::output_limit);
    else if (poll.fd == errors_.get())
      take(errors_, outcome_.errors, program_.limits.error_bytes);
    else if (poll.fd == watch_.get())
      over_ = true;
  }
}

void Run::end(Ending why) {
  if (ended_by_us_) return;
  ended_by_us_ = why;
  told_at_ms_ = elapsed_ms();
  syscall(SYS_pidfd_send_signal, watch_.get(), SIGTERM, nullptr, 0);
}

void Run::check_time(std::int64_t stalled_ms) {
  if (!running()) return;
  std::int64_t now = elapsed_ms();
  if (told_at_ms_ >= 0 && now - told_at_ms_ > grace_ms)
    syscall(SYS_pidfd_send_signal, watch_.get(), SIGKILL, nullptr, 0);
  if (now - stalled_ms > program_.limits.wall_ms) end(Ending::wall_limit);
}

void Run::judge(const Ended& ended) {
  auto killed = room_.cgroup(lane_).killed();
  outcome_.cpu_ms = static_cast<std::uint32_t>(ended.cpu_us / 1000);
  outcome_.peak_bytes = ended.peak_bytes;
  outcome_.code = WIFSIGNALED(ended.status) ? WTERMSIG(ended.status) : WEXITSTATUS(ended.status);
  // The alarm for processor time, or the kill that follows it a second later.
  bool out_of_time =
      WIFSIGNALED(ended.status) &&
      (outcome_.code == SIGXCPU ||
          (outcome_.code == SIGKILL && outcome_.cpu_ms + 500 >= program_.limits.cpu_ms));
  if (killed == Cgroup::Killed::at_limit)
    outcome_.ending = Ending::memory_limit;
  else if (killed == Cgroup::Killed::by_machine)
    refuse("the machine ran out of memory, and killed the run");
  else if (ended_by_us_)
    outcome_.ending = *ended_by_us_;
  else if (out_of_time)
    outcome_.ending = Ending::cpu_limit;
  else if (WIFSIGNALED(ended.status))
    outcome_.ending = Ending::signal;
  else
    outcome_.ending = outcome_.code == 0 ? Ending::ok : Ending::nonzero;
}

void Run::collect() {
  std::uint64_t left = program_.collect_bytes;
  for (const std::string& name : program_.collect) {
    Descriptor from(
        openat(work_.root.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

    struct stat status {};

    if (!from || fstat(from.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > left) continue;
    File file{name, std::string(size, '\0'), (status.st_mode & 0100) != 0};
    std::size_t done = 0;
    ssize_t got = 0;
    while (done < size && (got = read(from.get(), file.bytes.data() + done, size - done)) > 0)
      done += static_cast<std::size_t>(got);
    if (done != size) continue;
    left -= size;
    outcome_.collected.push_back(std::move(file));
  }
}

Outcome Run::finish(Shelf& shelf) {
  if (init_ <= 0 || !over_) return std::move(outcome_);
  outcome_.wall_ms = static_cast<std::uint32_t>(elapsed_ms());
  waitpid(std::exchange(init_, 0), nullptr, 0);
  if (!take(output_, outcome_.output, program_.limits.output_bytes) && !ended_by_us_)
    ended_by_us_ = Ending::output_limit;
  take(errors_, outcome_.errors, program_.limits.error_bytes);
  Ended ended;
  bool reported = read(report_.get(), &ended, sizeof ended) == sizeof ended;
  ended.what[sizeof ended.what - 1] = '\0';
  if (reported && ended.failed != 0) {
    refuse(str(ended.what, ": ", std::strerror(ended.failed)));
    return std::move(outcome_);
  }
  judge(ended);
  // Init had no time to report: killed by us after the grace, or by the kernel for memory.
  bool explained = outcome_.ending == Ending::memory_limit || !outcome_.error.empty();
  if (!reported && !ended_by_us_ && !explained) {
    refuse("the init of the run died");
    return std::move(outcome_);
  }
  if (outcome_.ending == Ending::sandbox_error && outcome_.error.empty())
    refuse("the run could not be started");
  collect();
  if (program_.keep_work) outcome_.work = shelf.put(std::move(work_));
  return std::move(outcome_);
}

// Until all are over. Late wake-ups say that the machine stood still.
void watch_over(std::vector<std::unique_ptr<Run>>& runs) {
  std::int64_t stalled_ms = 0;
  auto any = [&] {
    return std::ranges::any_of(runs, [](const auto& run) { return run->running(); });
  };
  while (any()) {
    std::vector<pollfd> polls;
    for (const auto& run : runs)
      if (run->running()) run->add_polls(polls);
    auto before = Clock::now();
    poll(polls.data(), polls.size(), static_cast<int>(tick_ms));
    auto waited =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before).count();
    if (waited > 4 * tick_ms) stalled_ms += waited - tick_ms;
    for (const auto& run : runs) {
      run->serve(polls);
      run->check_time(stalled_ms);
    }
  }
}

std::vector<Outcome> run_all(Room& room, Shelf& shelf, const Request& request, int (*instead)()) {
  std::vector<std::unique_ptr<Run>> runs;
  Pipe there, back;
  if (request.programs.size() == 2) {
    there = make_pipe();
    back = make_pipe();
  }
  bool ready = true;
  for (std::size_t lane = 0; lane < request.programs.size(); ++lane) {
    runs.push_back(std::make_unique<Run>(room, request.programs[lane], lane));
    Pipe& in = lane == 0 ? back : there;
    Pipe& out = lane == 0 ? there : back;
    ready =
        ready && runs.back()->prepare(shelf, std::move(in.reads), std::move(out.writes), instead);
  }
  if (ready) {
    for (auto& run : runs) run->go();
    watch_over(runs);
  }
  std::vector<Outcome> outcomes;
  for (auto& run : runs) outcomes.push_back(run->finish(shelf));
  for (auto& outcome : outcomes)
    if (!ready && outcome.error.empty()) outcome.error = "the other program could not be started";
  return outcomes;
}

}  // namespace

std::uint64_t Shelf::put(Work work) {
  if (kept_.size() == kept_max) kept_.pop_front();
  kept_.push_back({next_, std::move(work)});
  return next_++;
}

Work Shelf::take(std::uint64_t id) {
  Work work;
  auto found = std::ranges::find(kept_, id, &Kept::id);
  if (found == kept_.end()) return work;
  work = std::move(found->work);
  kept_.erase(found);
  return work;
}

std::vector<Outcome> run_programs(Room& room, Shelf& shelf, const Request& request) {
  return run_all(room, shelf, request, nullptr);
}

Outcome run_inside(Room& room, const Limits& limits, int (*function)()) {
  Shelf shelf;
  Request request{{Program{.argv = {"/inside"}, .limits = limits}}};
  return std::move(run_all(room, shelf, request, function).front());
}

}  // namespace tramontane::sandbox
