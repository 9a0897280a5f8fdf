#include "runtime/link/memory_link.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <utility>

namespace tramontane {

class MemoryLine::State : public std::enable_shared_from_this<State> {
 public:
  explicit State(Clock& clock) : clock_(clock) {}

  struct Sent {
    Bytes bytes;
    std::vector<Descriptor> descriptors;
    Time due{};
  };

  // What one end sends, and who receives at that end.
  struct End {
    std::shared_ptr<Link::Receiver> receiver;
    std::deque<Sent> sent;
    bool stalled = false;
    bool lost = false;
    bool taken = false;
    bool over = false;
  };

  void send(int from, Bytes bytes, const std::vector<int>& descriptors) {
    End& end = ends[from];
    if (end.over || end.lost) return;
    Sent sent{std::move(bytes), {}, after(clock_.now(), delay)};
    for (int descriptor : descriptors) {
      sent.descriptors.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
      if (!sent.descriptors.back())
        throw Error(Errc::io, str("no further descriptor: ", std::strerror(errno)));
    }
    end.sent.push_back(std::move(sent));
    arrive_at(from, end.sent.back().due);
  }

  // Each end hears of it at a moment of its own, never inside the call.
  void finish(int which, const std::string& reason) {
    End& end = ends[which];
    if (std::exchange(end.over, true)) return;
    end.sent.clear();
    clock_.call_at(clock_.now(), [self = shared_from_this(), which, reason] {
      auto receiver = std::move(self->ends[which].receiver);
      if (receiver != nullptr) receiver->ended(reason);
    });
  }

  // What this end has sent goes first, as on a socket.
  void close(int which, const std::string& reason) {
    End& end = ends[which];
    if (end.over) return;
    closes[which] = true;
    auto sent = std::move(end.sent);
    finish(which, reason);
    end.sent = std::move(sent);
    arrive_at(which, after(clock_.now(), delay));
  }

  void arrive_at(int from, Time when) {
    clock_.call_at(
        std::max(when, clock_.now()), [self = shared_from_this(), from] { self->arrive(from); });
  }

  Clock& clock_;
  Duration delay{};
  std::size_t piece = 0;
  bool carries_descriptors = true;
  End ends[2];
  bool closes[2] = {};  // its peer will see the end behind what was sent

 private:
  void arrive(int from) {
    End& end = ends[from];
    End& to = ends[1 - from];
    while (!end.stalled && !end.sent.empty() && end.sent.front().due <= clock_.now()) {
      Sent sent = std::move(end.sent.front());
      end.sent.pop_front();
      std::size_t step = piece == 0 ? sent.bytes.size() : piece;
      for (std::size_t at = 0; at < sent.bytes.size() && !to.over; at += step) {
        auto view = ByteView(sent.bytes).subspan(at, std::min(step, sent.bytes.size() - at));
        auto receiver = to.receiver;
        if (receiver != nullptr) receiver->received(view, std::move(sent.descriptors));
        sent.descriptors.clear();
      }
    }
    if (end.sent.empty() && !end.over)
      if (auto sender = end.receiver) sender->drained();
    if (closes[from] && end.sent.empty() && !end.stalled && !end.lost)
      finish(1 - from, "the peer closed the connection");
  }
};

namespace {

template <class State>
class MemoryLink final : public Link {
 public:
  MemoryLink(std::shared_ptr<State> state, int which) : state_(std::move(state)), which_(which) {}

  ~MemoryLink() override { end("the link is not used any more"); }

  void start(std::shared_ptr<Receiver> receiver) override {
    state_->ends[which_].receiver = std::move(receiver);
  }

  void send(Bytes bytes, const std::vector<int>& descriptors) override {
    state_->send(which_, std::move(bytes), descriptors);
  }

  std::size_t unsent() const override {
    std::size_t bytes = 0;
    for (const auto& sent : state_->ends[which_].sent) bytes += sent.bytes.size();
    return bytes;
  }

  bool carries_descriptors() const override { return state_->carries_descriptors; }

  void end(const std::string& reason) override { state_->close(which_, reason); }

  std::string peer() const override { return str("end ", 1 - which_, " of a simulated line"); }

 private:
  const std::shared_ptr<State> state_;
  const int which_;
};

}  // namespace

MemoryLine::MemoryLine(Clock& clock) : state_(std::make_shared<State>(clock)) {}

std::unique_ptr<Link> MemoryLine::end(int which) {
  TRAM_CHECK(!std::exchange(state_->ends[which].taken, true), "this end is taken", which);
  return std::make_unique<MemoryLink<State>>(state_, which);
}

void MemoryLine::delay(Duration delay) {
  state_->delay = delay;
}

void MemoryLine::pieces(std::size_t bytes) {
  state_->piece = bytes;
}

void MemoryLine::without_descriptors() {
  state_->carries_descriptors = false;
}

void MemoryLine::stall(int sender, bool stalled) {
  state_->ends[sender].stalled = stalled;
  if (!stalled) state_->arrive_at(sender, state_->clock_.now());
}

void MemoryLine::lose(int sender) {
  state_->ends[sender].lost = true;
  state_->ends[sender].sent.clear();
}

void MemoryLine::cut(const std::string& reason) {
  for (int which : {0, 1}) state_->finish(which, reason);
}

}  // namespace tramontane
