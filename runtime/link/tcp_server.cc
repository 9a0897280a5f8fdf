#include "runtime/link/tcp_server.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/base/socket_message.h"
#include "runtime/link/opening.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace tramontane {
namespace {

using Stream = boost::asio::posix::stream_descriptor;
using Timer = boost::asio::steady_timer;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause(100);

}  // namespace

// One mutex over everything, as all of it is short: whoever waits on a socket is called by the
// event loop, and events are called without it.
class TcpServer::State : public std::enable_shared_from_this<State> {
 public:
  State(ThreadPool& p, TcpListener l, Options o, Events e)
      : pool(p),
        events(std::move(e)),
        limits(o.limits),
        bound(l.bound),
        opens_with{.token = o.token,
            .own = std::move(o.own),
            .encrypted = !lets_in_clear(o.encryption, bound)},
        handle(l.socket.get()),
        listener(std::in_place, p.context(), l.socket.release()),
        pause(p.context()) {}

  // A connection whose peer is not known yet.
  struct Guest {
    Guest(State& state, std::uint64_t n, Descriptor socket)
        : number(n),
          handle(socket.get()),
          from(tcp_peer(handle).text()),
          stream(state.pool.context(), socket.release()),
          late(state.pool.context()),
          opening(LinkSide::accepted, state.opens_with) {}

    const std::uint64_t number;  // in the order of coming
    const int handle;
    const std::string from;
    Stream stream;
    Timer late;
    Opening opening;
    Bytes unsent;
  };

  using GuestPtr = std::shared_ptr<Guest>;

  void await_guests();
  void accept_all();
  void welcome(Descriptor socket);
  void make_room();
  void await(const GuestPtr& guest, Stream::wait_type what);
  void serve(const GuestPtr& guest);
  bool read(const GuestPtr& guest, std::string& wrong);
  bool write(const GuestPtr& guest, std::string& wrong);
  void leave(const GuestPtr& guest);
  void refuse(GuestPtr guest, const std::string& why);

  ThreadPool& pool;
  const Events events;
  const Limits limits;
  const TcpAddress bound;
  const Opening::Options opens_with;
  const int handle;

  std::recursive_mutex mutex;  // guards the rest
  std::optional<Stream> listener;
  Timer pause;
  std::set<GuestPtr> guests;
  std::uint64_t came = 0;
};

void TcpServer::State::await_guests() {
  std::lock_guard lock(mutex);
  if (!listener) return;
  listener->async_wait(Stream::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error) self->accept_all();
  });
}

void TcpServer::State::accept_all() {
  std::lock_guard lock(mutex);
  if (!listener) return;
  try {
    // Borrowed: the listener keeps its own.
    Descriptor borrowed(handle);

    struct Give {
      Descriptor& back;

      ~Give() { back.release(); }
    } give{borrowed};

    while (Descriptor socket = accept_tcp(borrowed)) welcome(std::move(socket));
  } catch (const Error& error) {
    if (events.refused) events.refused(bound.text(), error.text());
    pause.expires_after(accept_pause);
    pause.async_wait([self = shared_from_this()](const error_code& e) {
      if (!e) self->await_guests();
    });
    return;
  }
  await_guests();
}

void TcpServer::State::welcome(Descriptor socket) {
  if (guests.size() >= limits.greeting) make_room();
  set_tcp_limits(socket.get());
  auto guest = std::make_shared<Guest>(*this, ++came, std::move(socket));
  guests.insert(guest);
  guest->late.expires_after(limits.patience);
  guest->late.async_wait([self = shared_from_this(), guest](const error_code& error) {
    if (!error) self->refuse(guest, "it did not make itself known in time");
  });
  await(guest, Stream::wait_read);
}

// Whoever has something to say has said it long before so many others came: the oldest goes.
void TcpServer::State::make_room() {
  auto oldest = std::min_element(guests.begin(), guests.end(),
      [](const GuestPtr& one, const GuestPtr& other) { return one->number < other->number; });
  refuse(*oldest, "others came, and it had not made itself known");
}

void TcpServer::State::await(const GuestPtr& guest, Stream::wait_type what) {
  guest->stream.async_wait(what, [self = shared_from_this(), guest](const error_code& error) {
    if (!error) self->serve(guest);
  });
}

void TcpServer::State::serve(const GuestPtr& guest) {
  std::unique_lock lock(mutex);
  if (guests.count(guest) == 0) return;
  std::string wrong;
  for (;;) {
    if (!write(guest, wrong)) {
      if (wrong.empty()) return await(guest, Stream::wait_write);
      return refuse(guest, wrong);
    }
    if (guest->opening.failed() || guest->opening.done()) break;
    if (!read(guest, wrong)) {
      if (wrong.empty()) return await(guest, Stream::wait_read);
      return refuse(guest, wrong);
    }
  }
  const Opening& opening = guest->opening;
  bool other = opening.other().has_value() && events.other;
  if (!opening.done() && !other) return refuse(guest, opening.why());
  leave(guest);
  Descriptor socket(guest->stream.release());
  lock.unlock();
  if (opening.done()) return events.peer(opening.peer(), {std::move(socket), opening.key()});
  events.other(std::move(socket), *opening.other());
}

// False where there is nothing more for now, or something is wrong.
bool TcpServer::State::read(const GuestPtr& guest, std::string& wrong) {
  std::byte room[4096];
  std::size_t most = std::min(guest->opening.wants(), sizeof room);
  ReceivedMessage piece = receive_message(guest->handle, {room, most});
  if (would_block(piece.error)) return false;
  if (piece.error != 0) wrong = std::strerror(piece.error);
  if (piece.error == 0 && piece.bytes == 0) wrong = "it closed the connection";
  if (!wrong.empty()) return false;
  guest->opening.feed({room, piece.bytes});
  return true;
}

bool TcpServer::State::write(const GuestPtr& guest, std::string& wrong) {
  Bytes more = guest->opening.take_output();
  guest->unsent.insert(guest->unsent.end(), more.begin(), more.end());
  while (!guest->unsent.empty()) {
    SentMessage piece = send_message(guest->handle, guest->unsent, {});
    guest->unsent.erase(
        guest->unsent.begin(), guest->unsent.begin() + static_cast<std::ptrdiff_t>(piece.bytes));
    if (would_block(piece.error)) return false;
    if (piece.error == 0) continue;
    wrong = std::strerror(piece.error);
    return false;
  }
  return true;
}

void TcpServer::State::leave(const GuestPtr& guest) {
  guests.erase(guest);
  guest->late.cancel();
  guest->stream.cancel();
}

void TcpServer::State::refuse(GuestPtr guest, const std::string& why) {
  std::lock_guard lock(mutex);
  if (guests.count(guest) == 0) return;
  leave(guest);
  guest->stream.close();
  if (events.refused) events.refused(guest->from, why);
}

TcpServer::TcpServer(ThreadPool& pool, TcpListener listener, Options options, Events events)
    : state_(std::make_shared<State>(
          pool, std::move(listener), std::move(options), std::move(events))) {}

TcpServer::~TcpServer() {
  stop();
}

const TcpAddress& TcpServer::bound() const {
  return state_->bound;
}

void TcpServer::start() {
  state_->pool.serve_sockets();
  state_->await_guests();
}

void TcpServer::stop() {
  std::lock_guard lock(state_->mutex);
  state_->listener.reset();
  state_->pause.cancel();
  while (!state_->guests.empty()) {
    auto guest = *state_->guests.begin();
    state_->leave(guest);
    guest->stream.close();
  }
}

}  // namespace tramontane
