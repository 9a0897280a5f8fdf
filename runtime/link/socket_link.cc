#include "runtime/link/socket_link.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/base/socket_message.h"
#include "runtime/link/tcp_socket.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <span>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace tramontane {
namespace {

// Of this very kind of executor, as one of any kind costs a little with every wait.
using Stream = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
using boost::system::error_code;

constexpr std::size_t read_bytes = 64 << 10;
constexpr int reads_in_a_row = 16;                // before others of the pool have their turn
constexpr std::size_t gathered_bytes = 64 << 10;  // small sends that wait become one
constexpr const char* secret_name = "tramontane session";

// What the link and the handlers of the event loop share. The chain of reads, of which there is one
// at a time, calls the receiver, and ends the link: whoever else wants it to end shuts the socket
// down, which wakes that chain.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(ThreadPool& pool, LinkSocket socket)
      : pool_(pool),
        handle_(socket.descriptor.get()),
        local_(family_of(handle_) == AF_UNIX),
        encrypted_(socket.key.has_value()),
        plain_(encrypted_ ? read_bytes : 0),
        stream_(std::in_place, pool.context(), socket.descriptor.release()) {
    if (encrypted_) tls_.emplace(socket.key->side, TlsSecret{secret_name, socket.key->key});
  }

  void start(std::shared_ptr<Link::Receiver> receiver) {
    if (!local_) set_tcp_limits(handle_);
    std::lock_guard lock(mutex_);
    receiver_ = std::move(receiver);
    pool_.serve_sockets();
    await_read();
    if (tls_) transmit(tls_->take_output());
  }

  // `part` is of the blob, which keeps it.
  void send(
      Bytes bytes, const std::vector<int>& descriptors, const Blob& blob = {}, ByteView part = {}) {
    std::lock_guard lock(mutex_);
    if (!tls_) return transmit(std::move(bytes), descriptors, blob, part);
    if (!stream_ || ending_ || deaf_) return;
    tls_->put(bytes, part);
    transmit(tls_->take_output());
  }

  std::size_t unsent() const {
    std::lock_guard lock(mutex_);
    return unsent_;
  }

  void end(const std::string& reason) {
    std::lock_guard lock(mutex_);
    if (!stream_ || ending_) return;
    ending_ = reason;
    ends_ = true;
    ::shutdown(handle_, SHUT_RDWR);
  }

  std::string peer() const { return peer_; }

  bool carries_descriptors() const { return local_ && !encrypted_; }

 private:
  struct Waiting {
    std::size_t size() const { return bytes.size() + part.size(); }

    Bytes bytes;
    Blob blob;
    ByteView part;  // of the blob, behind the bytes
    std::size_t sent = 0;
    std::vector<Descriptor> descriptors;  // of the first byte
  };

  static int family_of(int handle) {
    int family = AF_UNSPEC;
    socklen_t size = sizeof family;
    ::getsockopt(handle, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family;
  }

  static std::string peer_of(int handle, bool local) {
    if (!local) return tcp_peer(handle).text();
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(handle, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
      return "an unknown process";
    return str("pid ", peer.pid);
  }

  // With the mutex held, as all that touches the stream. As it is on the wire.
  void transmit(Bytes bytes, const std::vector<int>& descriptors = {}, const Blob& blob = {},
      ByteView part = {}) {
    if (!stream_ || ending_ || deaf_ || bytes.size() + part.size() == 0) return;
    std::size_t sent = 0;
    if (waiting_.empty()) {
      auto [taken, error] = send_message(handle_, bytes, descriptors, part);
      sent = taken;
      if (error != 0 && !would_block(error)) return give_up(error);
      if (sent == bytes.size() + part.size()) return;
    }
    unsent_ += bytes.size() + part.size() - sent;
    if (!waiting_.empty() && waiting_.back().part.empty() && descriptors.empty() && part.empty() &&
        waiting_.back().bytes.size() + bytes.size() <= gathered_bytes) {
      Bytes& last = waiting_.back().bytes;
      last.insert(last.end(), bytes.begin(), bytes.end());
      return;
    }
    waiting_.push_back({std::move(bytes), blob, part, sent, {}});
    if (sent > 0) return await_write();
    for (int descriptor : descriptors) {
      waiting_.back().descriptors.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
      if (!waiting_.back().descriptors.back()) return give_up(errno);
    }
    await_write();
  }

  // With the mutex held, too.
  void await_read() {
    stream_->async_wait(Stream::wait_read, [self = shared_from_this()](const error_code& error) {
      ThreadPool::Turn turn(self->pool_);
      self->readable(error);
    });
  }

  void await_write() {
    if (std::exchange(awaits_write_, true)) return;
    stream_->async_wait(
        Stream::wait_write, [self = shared_from_this()](const error_code&) { self->writable(); });
  }

  // Nothing more can be sent. What the peer had sent before is still worth reading, unless this
  // process is what failed.
  void give_up(int error) {
    deaf_ = true;
    waiting_.clear();
    unsent_ = 0;
    if (error == EPIPE || error == ECONNRESET || ending_) return;
    ending_ = str("sending failed: ", std::strerror(error));
    ends_ = true;
    ::shutdown(handle_, SHUT_RDWR);
  }

  void writable() {
    if (std::shared_ptr<Link::Receiver> receiver = write_waiting()) receiver->drained();
  }

  // The receiver, if nothing waits any more.
  std::shared_ptr<Link::Receiver> write_waiting() {
    std::lock_guard lock(mutex_);
    awaits_write_ = false;
    if (!stream_ || ending_ || deaf_) return nullptr;
    std::vector<int> descriptors;
    while (!waiting_.empty()) {
      Waiting& first = waiting_.front();
      descriptors.clear();
      if (first.sent == 0)
        for (const Descriptor& each : first.descriptors) descriptors.push_back(each.get());
      std::size_t of_bytes = std::min(first.sent, first.bytes.size());
      auto [sent, error] = send_message(handle_, ByteView(first.bytes).subspan(of_bytes),
          descriptors, first.part.subspan(first.sent - of_bytes));
      if (error != 0) {
        would_block(error) ? await_write() : give_up(error);
        return nullptr;
      }
      first.sent += sent;
      unsent_ -= sent;
      if (first.sent == first.size()) waiting_.pop_front();
    }
    return receiver_;
  }

  void readable(const error_code& error) {
    if (error) return finish(str("waiting for the peer failed: ", error.message()));
    for (int reads = 0; reads < reads_in_a_row; ++reads) {
      if (ends_) break;
      std::span<std::byte> room = encrypted_ ? std::span<std::byte>() : receiver_->room();
      if (room.empty()) room = buffer_;
      ReceivedMessage piece = receive_message(handle_, room);
      if (would_block(piece.error)) break;
      if (piece.error != 0)
        return finish(str("the connection broke: ", std::strerror(piece.error)));
      if (piece.bytes == 0) return finish("the peer closed the connection");
      if (piece.descriptors_lost)
        return finish("descriptors were lost: this process may not have so many open");
      bool full = piece.bytes == room.size() || !piece.descriptors.empty();
      ByteView bytes = ByteView(room).first(piece.bytes);
      if (!encrypted_)
        receiver_->received(bytes, std::move(piece.descriptors));
      else if (std::string wrong = decrypt(bytes); !wrong.empty())
        return finish(std::move(wrong));
      if (!full) break;
    }
    std::unique_lock lock(mutex_);
    if (!ending_) return await_read();
    lock.unlock();
    finish("");
  }

  // Gives it to the receiver, and the peer what that needs of TLS. What is wrong.
  std::string decrypt(ByteView wire) {
    for (;;) {
      std::span<std::byte> room = receiver_->room();
      if (room.empty()) room = plain_;
      std::size_t size = 0;
      {
        std::lock_guard lock(mutex_);
        size = tls_->take(wire, room);
        transmit(tls_->take_output());
        if (size == 0) return tls_->why();
      }
      receiver_->received(ByteView(room).first(size), {});
      if (ends_) return {};
    }
  }

  void finish(std::string reason) {
    std::shared_ptr<Link::Receiver> receiver;
    {
      std::lock_guard lock(mutex_);
      if (ending_) reason = *ending_;
      stream_.reset();  // closed; and its event loop may end before this object does
      waiting_.clear();
      unsent_ = 0;
      receiver = std::move(receiver_);
    }
    receiver->ended(reason);
  }

  ThreadPool& pool_;
  const int handle_;
  const bool local_;
  const bool encrypted_;
  const std::string peer_ = peer_of(handle_, local_);
  Bytes buffer_ = Bytes(read_bytes);  // the chain of reads'
  Bytes plain_;                       // the same; of what was encrypted

  std::atomic<bool> ends_{false};             // there is an ending_
  mutable std::mutex mutex_;                  // guards the rest
  std::shared_ptr<Link::Receiver> receiver_;  // only the chain of reads, once it runs, changes it
  std::optional<Stream> stream_;
  std::optional<TlsChannel> tls_;
  std::deque<Waiting> waiting_;
  std::size_t unsent_ = 0;
  bool awaits_write_ = false;
  bool deaf_ = false;  // the peer hears nothing any more
  std::optional<std::string> ending_;
};

class SocketLink final : public Link {
 public:
  SocketLink(ThreadPool& pool, LinkSocket socket)
      : socket_(std::make_shared<Socket>(pool, std::move(socket))) {}

  ~SocketLink() override { socket_->end("the link is not used any more"); }

  void start(std::shared_ptr<Receiver> receiver) override { socket_->start(std::move(receiver)); }

  void send(Bytes bytes, const std::vector<int>& descriptors) override {
    socket_->send(std::move(bytes), descriptors);
  }

  void send_part(Bytes bytes, const Blob& blob, ByteView part) override {
    socket_->send(std::move(bytes), {}, blob, part);
  }

  std::size_t unsent() const override { return socket_->unsent(); }

  void end(const std::string& reason) override { socket_->end(reason); }

  std::string peer() const override { return socket_->peer(); }

  bool carries_descriptors() const override { return socket_->carries_descriptors(); }

 private:
  const std::shared_ptr<Socket> socket_;
};

}  // namespace

std::pair<Descriptor, Descriptor> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(Errc::io, str("socketpair: ", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::unique_ptr<Link> socket_link(ThreadPool& pool, LinkSocket socket) {
  return std::make_unique<SocketLink>(pool, std::move(socket));
}

}  // namespace tramontane
