#pragma once
// A LaterLink stands for a connection that somebody else is making: what is sent before waits.
//
//   auto later = std::make_shared<LaterLink::Connection>(clock);
//   remote->connect(7, "generator/0", std::make_unique<LaterLink>(later));
//   …
//   later->attach(socket_link(pool, std::move(socket)));
//
// Thread rule: any, as for a Link.

#include "runtime/base/clock.h"
#include "runtime/link/link.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class LaterLink final : public Link {
 public:
  // The clock outlives it.
  class Connection : public std::enable_shared_from_this<Connection> {
   public:
    explicit Connection(Clock& clock) : clock_(clock) {}

    // Once, also before the LaterLink is started. If it has ended meanwhile, so does the link.
    void attach(std::unique_ptr<Link> link);
    // There will be none.
    void give_up(const std::string& why);

   private:
    friend class LaterLink;

    void begin_locked();
    void finish_locked(const std::string& why);
    void tell_locked();

    Clock& clock_;
    mutable std::mutex mutex_;  // guards the rest
    std::unique_ptr<Link> link_;
    std::shared_ptr<Receiver> receiver_;
    std::vector<Bytes> waiting_;
    bool begun_ = false;               // link_ is started
    std::optional<std::string> over_;  // why
  };

  explicit LaterLink(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  ~LaterLink() override;

  void start(std::shared_ptr<Receiver> receiver) override;
  bool carries_descriptors() const override;
  // Without descriptors as long as it is not attached: nothing but greetings is said before.
  void send(Bytes bytes, const std::vector<int>& descriptors) override;
  void send_part(Bytes bytes, const Blob& blob, ByteView part) override;
  std::size_t unsent() const override;
  void end(const std::string& reason) override;
  std::string peer() const override;

 private:
  const std::shared_ptr<Connection> connection_;
};

}  // namespace tramontane
