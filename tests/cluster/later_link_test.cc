// A link whose connection comes later, or never.
#include "runtime/cluster/later_link.h"

#include "runtime/base/check.h"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// What became of a link that is attached; outlives it.
struct Wire {
  std::mutex mutex;
  std::shared_ptr<Link::Receiver> receiver;
  std::string sent;
  std::string end;
  bool destroyed = false;
};

class WireLink final : public Link {
 public:
  explicit WireLink(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}

  ~WireLink() override {
    std::lock_guard lock(wire_->mutex);
    wire_->destroyed = true;
  }

  void start(std::shared_ptr<Receiver> receiver) override {
    std::lock_guard lock(wire_->mutex);
    CHECK(receiver != nullptr);
    CHECK(wire_->receiver == nullptr);
    CHECK(wire_->sent == "");
    wire_->receiver = std::move(receiver);
  }

  void send(Bytes bytes, const std::vector<int>&) override {
    std::lock_guard lock(wire_->mutex);
    wire_->sent += as_text(bytes);
  }

  std::size_t unsent() const override { return 7; }

  void end(const std::string& reason) override {
    std::lock_guard lock(wire_->mutex);
    wire_->end = reason;
  }

  std::string peer() const override { return "a wire"; }

 private:
  const std::shared_ptr<Wire> wire_;
};

struct Ear final : Link::Receiver {
  void received(ByteView, std::vector<Descriptor>) override {}

  void ended(const std::string& reason) override { ends.push_back(reason); }

  std::vector<std::string> ends;
};

Bytes bytes_of(const std::string& text) {
  ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

struct Scene {
  void start() { link->start(ear); }

  void send(const std::string& text) { link->send(bytes_of(text), {}); }

  void attach() { connection->attach(std::make_unique<WireLink>(wire)); }

  // Whoever is told is told by the clock's thread.
  std::vector<std::string> ends() {
    clock.advance(Duration(1));
    return ear->ends;
  }

  ManualClock clock;
  std::shared_ptr<LaterLink::Connection> connection =
      std::make_shared<LaterLink::Connection>(clock);
  std::shared_ptr<Wire> wire = std::make_shared<Wire>();
  std::shared_ptr<Ear> ear = std::make_shared<Ear>();
  std::unique_ptr<LaterLink> link = std::make_unique<LaterLink>(connection);
};

}  // namespace

TEST_CASE("what is sent before there is a connection arrives on it, in order and first") {
  Scene scene;
  scene.start();
  scene.send("one ");
  scene.send("two ");
  CHECK(scene.link->peer() == "nobody yet");
  CHECK(scene.link->unsent() == 0);
  CHECK(!scene.link->carries_descriptors());
  scene.attach();
  scene.send("three");
  CHECK(scene.wire->sent == "one two three");
  CHECK(scene.wire->receiver == scene.ear);
  CHECK(scene.link->peer() == "a wire");
  CHECK(scene.link->unsent() == 7);
  CHECK(scene.link->carries_descriptors());
  scene.connection->give_up("too late");
  CHECK(scene.ends().empty());
  CHECK(scene.wire->end == "");
  scene.link->end("enough");
  CHECK(scene.wire->end == "enough");
  CHECK(scene.ends().empty());  // that is the attached link's to say
}

TEST_CASE("a connection that comes before the link is used is used from its start") {
  Scene scene;
  scene.attach();
  CHECK(scene.wire->receiver == nullptr);
  scene.start();
  CHECK(scene.wire->receiver == scene.ear);
  scene.send("one");
  CHECK(scene.wire->sent == "one");
}

TEST_CASE("a link that ends before there is a connection says so once, and takes none") {
  Scene scene;
  scene.start();
  scene.send("lost");
  SUBCASE("by its user") {
    scene.link->end("why");
    CHECK(scene.ear->ends.empty());  // not from inside
    scene.link->end("again");
  }
  SUBCASE("as there will be none") {
    scene.connection->give_up("why");
    scene.connection->give_up("again");
  }
  CHECK(scene.ends() == std::vector<std::string>{"why"});
  scene.attach();
  CHECK(scene.wire->destroyed);
  CHECK(scene.wire->receiver == nullptr);
  CHECK(scene.wire->sent == "");
  scene.send("nowhere");
  scene.link.reset();
  CHECK(scene.ends().size() == 1);
}

TEST_CASE("a link for which there will be no connection says so to who starts to use it") {
  Scene scene;
  scene.connection->give_up("never");
  CHECK(scene.ends().empty());
  scene.start();
  CHECK(scene.ends() == std::vector<std::string>{"never"});
}

TEST_CASE("a link that is dropped has ended") {
  Scene scene;
  scene.start();
  SUBCASE("with a connection") {
    scene.attach();
    scene.link.reset();
    CHECK(scene.wire->end == "the link is not used any more");
  }
  SUBCASE("without") {
    scene.link.reset();
    CHECK(scene.ends().size() == 1);
    scene.attach();
    CHECK(scene.wire->destroyed);
  }
}

TEST_CASE("a second connection is not used") {
  Scene scene;
  scene.start();
  scene.attach();
  auto second = std::make_shared<Wire>();
  scene.connection->attach(std::make_unique<WireLink>(second));
  CHECK(second->destroyed);
  scene.send("one");
  CHECK(scene.wire->sent == "one");
  CHECK(second->sent == "");
}

TEST_CASE("threads that send while a connection comes lose nothing, each in its order") {
  for (int round = 0; round < 50; ++round) {
    Scene scene;
    scene.start();
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (char name : {'a', 'b'})
      threads.emplace_back([&, name] {
        while (!go) std::this_thread::yield();
        for (int i = 0; i < 100; ++i) scene.send(str(name, i, " "));
      });
    threads.emplace_back([&] {
      while (!go) std::this_thread::yield();
      scene.attach();
    });
    go = true;
    for (std::thread& thread : threads) thread.join();
    for (char name : {'a', 'b'}) {
      std::size_t at = 0;
      for (int i = 0; i < 100 && at != std::string::npos; ++i)
        at = scene.wire->sent.find(str(name, i, " "), at);
      CHECK(at != std::string::npos);
    }
    scene.wire->receiver.reset();
  }
}
