// A worker's setup and introductions as bytes.
#include "runtime/node/messages.h"
#include "runtime/node/node.capnp.h"
#include "runtime/wire/capnp_codec.h"

namespace tramontane {
namespace {

void write_remote(
    const std::vector<RemoteActor>& actors, capnp::List<schema::RemoteSetup>::Builder out) {
  for (unsigned i = 0; i < actors.size(); ++i) {
    out[i].setId(actors[i].id);
    out[i].setName(actors[i].name);
    out[i].setProcess(actors[i].process);
    out[i].setIncarnation(actors[i].incarnation);
  }
}

std::vector<RemoteActor> read_remote(capnp::List<schema::RemoteSetup>::Reader in) {
  std::vector<RemoteActor> actors;
  for (auto each : in)
    actors.push_back(
        {each.getId(), text_of(each.getName()), each.getProcess(), each.getIncarnation()});
  return actors;
}

void write_actor(
    const GraphActor& actor, const ActorNumber& number, schema::ActorSetup::Builder out) {
  out.setName(actor.name);
  out.setKind(actor.kind);
  out.setId(number.id);
  out.setLivesBefore(number.lives_before);
  out.setPool(actor.pool);
  out.setMailboxMessages(actor.mailbox.messages);
  out.setMailboxBytes(actor.mailbox.bytes);
  out.setOptions(
      kj::arrayPtr(reinterpret_cast<const kj::byte*>(actor.options.data()), actor.options.size()));
  auto asks = out.initAsks(static_cast<unsigned>(actor.asks.size()));
  unsigned at = 0;
  for (const auto& [port, targets] : actor.asks) {
    asks[at].setName(port);
    auto names = asks[at++].initActors(static_cast<unsigned>(targets.size()));
    for (unsigned i = 0; i < targets.size(); ++i) names.set(i, targets[i]);
  }
}

GraphActor read_actor(schema::ActorSetup::Reader in, const std::string& worker) {
  GraphActor actor{.name = text_of(in.getName()),
      .kind = text_of(in.getKind()),
      .isolation = Isolation::process,
      .worker = worker,
      .pool = text_of(in.getPool())};
  actor.mailbox.messages = in.getMailboxMessages();
  actor.mailbox.bytes = in.getMailboxBytes();
  auto options = std::as_bytes(std::span(in.getOptions().begin(), in.getOptions().size()));
  actor.options.assign(options.begin(), options.end());
  for (auto port : in.getAsks())
    for (auto target : port.getActors())
      actor.asks[text_of(port.getName())].push_back(text_of(target));
  return actor;
}

}  // namespace

Bytes encode_setup(const WorkerSetup& setup) {
  return encode_capnp<schema::WorkerSetup>([&](schema::WorkerSetup::Builder out) {
    out.setName(setup.name);
    out.setProcess(setup.process);
    out.setFolder(setup.folder);
    out.setSeed(setup.seed);
    out.setAgent(setup.agent);
    out.setSelf(setup.self);
    auto pools = out.initPools(static_cast<unsigned>(setup.graph.pools.size()));
    for (unsigned i = 0; i < setup.graph.pools.size(); ++i) {
      pools[i].setName(setup.graph.pools[i].name);
      pools[i].setThreads(static_cast<std::uint32_t>(setup.graph.pools[i].threads));
    }
    auto actors = out.initActors(static_cast<unsigned>(setup.graph.actors.size()));
    for (unsigned i = 0; i < setup.graph.actors.size(); ++i) {
      const GraphActor& actor = setup.graph.actors[i];
      write_actor(actor, setup.numbers.at(actor.name), actors[i]);
    }
    write_remote(setup.remote, out.initRemote(static_cast<unsigned>(setup.remote.size())));
  });
}

Result<WorkerSetup> decode_setup(ByteView bytes) {
  using Schema = schema::WorkerSetup;
  return decode_capnp<Schema, WorkerSetup>(bytes, [](Schema::Reader in) {
    WorkerSetup setup{.name = text_of(in.getName()),
        .process = in.getProcess(),
        .folder = text_of(in.getFolder()),
        .seed = in.getSeed(),
        .agent = in.getAgent(),
        .self = in.getSelf()};
    setup.graph.pools.clear();
    for (auto pool : in.getPools())
      setup.graph.pools.push_back({text_of(pool.getName()), static_cast<int>(pool.getThreads())});
    for (auto actor : in.getActors()) {
      setup.graph.actors.push_back(read_actor(actor, setup.name));
      setup.numbers[text_of(actor.getName())] = {actor.getId(), actor.getLivesBefore()};
    }
    setup.remote = read_remote(in.getRemote());
    return setup;
  });
}

Bytes encode_introduction(const Introduction& introduction) {
  return encode_capnp<schema::Introduction>([&](schema::Introduction::Builder out) {
    out.setProcess(introduction.process);
    out.setPeer(introduction.peer);
    write_remote(
        introduction.actors, out.initActors(static_cast<unsigned>(introduction.actors.size())));
  });
}

Result<Introduction> decode_introduction(ByteView bytes) {
  using Schema = schema::Introduction;
  return decode_capnp<Schema, Introduction>(bytes, [](Schema::Reader in) {
    return Introduction{in.getProcess(), text_of(in.getPeer()), read_remote(in.getActors())};
  });
}

}  // namespace tramontane
