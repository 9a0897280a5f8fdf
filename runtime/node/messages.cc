#include "runtime/node/messages.h"

#include "runtime/node/node.capnp.h"
#include "runtime/wire/capnp_codec.h"

namespace tramontane {
namespace {

constexpr auto last_code = static_cast<std::uint8_t>(Errc::unknown);

void write_state(const ActorStatus& status, schema::ActorState::Builder out) {
  out.setId(status.id);
  out.setName(status.name);
  out.setKind(status.kind);
  out.setPool(status.pool);
  out.setState(static_cast<std::uint8_t>(status.state));
  out.setIncarnation(status.incarnation);
  out.setMailboxMessages(status.mailbox_messages);
  out.setMailboxLimit(status.mailbox_limit);
  out.setMailboxBytes(status.mailbox_bytes);
  out.setMailboxBytesLimit(status.mailbox_bytes_limit);
  out.setSendersWaiting(status.senders_waiting);
  out.setOldestMessage(status.oldest_message.count());
  out.setHandled(status.handled);
  out.setUnhandled(status.unhandled);
  out.setLastHandler(status.last_handler);
  out.setBusy(status.busy.count());
  out.setBusyShare(status.busy_share);
  out.setWaitingFor(status.waiting_for);
  out.setWaitedFor(status.waiting_since.time_since_epoch().count());
  auto senders = out.initSenders(static_cast<unsigned>(status.senders.size()));
  unsigned row = 0;
  for (const auto& [sender, messages] : status.senders) {
    senders[row].setId(sender);
    senders[row++].setMessages(messages);
  }
  auto notes = out.initNotes(static_cast<unsigned>(status.notes.size()));
  unsigned at = 0;
  for (const auto& [key, value] : status.notes) {
    notes[at].setKey(key);
    notes[at++].setValue(value);
  }
}

ActorStatus read_state(schema::ActorState::Reader in) {
  if (in.getState() > static_cast<std::uint8_t>(ActorState::dead))
    throw Error(Errc::bad_input, "an actor's state that is none");
  ActorStatus status;
  status.id = in.getId();
  status.name = text_of(in.getName());
  status.kind = text_of(in.getKind());
  status.pool = text_of(in.getPool());
  status.state = static_cast<ActorState>(in.getState());
  status.incarnation = in.getIncarnation();
  status.mailbox_messages = in.getMailboxMessages();
  status.mailbox_limit = in.getMailboxLimit();
  status.mailbox_bytes = in.getMailboxBytes();
  status.mailbox_bytes_limit = in.getMailboxBytesLimit();
  status.senders_waiting = in.getSendersWaiting();
  status.oldest_message = Duration(in.getOldestMessage());
  status.handled = in.getHandled();
  status.unhandled = in.getUnhandled();
  status.last_handler = text_of(in.getLastHandler());
  status.busy = Duration(in.getBusy());
  status.busy_share = in.getBusyShare();
  status.waiting_for = text_of(in.getWaitingFor());
  status.waiting_since = Time(Duration(in.getWaitedFor()));
  for (auto sender : in.getSenders()) status.senders[sender.getId()] = sender.getMessages();
  for (auto note : in.getNotes()) status.notes[text_of(note.getKey())] = text_of(note.getValue());
  return status;
}

}  // namespace

Bytes Codec<ActorEnded>::encode(const ActorEnded& message) {
  const ExitRecord& record = message.record;
  return encode_capnp<schema::ActorEnded>([&](schema::ActorEnded::Builder out) {
    out.setActor(record.actor);
    out.setName(record.name);
    out.setKind(record.kind);
    out.setIncarnation(record.incarnation);
    out.setCause(static_cast<std::uint8_t>(record.cause));
    out.setText(record.text);
    out.setCode(record.code ? static_cast<std::uint8_t>(*record.code) : 0);
    out.setDoing(record.doing);
    out.setHolding(record.holding);
    out.setWall(record.wall);
    out.setLived(record.lived.count());
    out.setHandled(record.handled);
    out.setUnread(record.unread);
    auto lines = out.initLastLines(static_cast<unsigned>(record.last_lines.size()));
    for (unsigned i = 0; i < record.last_lines.size(); ++i) lines.set(i, record.last_lines[i]);
  });
}

Result<ActorEnded> Codec<ActorEnded>::decode(ByteView bytes) {
  using Schema = schema::ActorEnded;
  return decode_capnp<Schema, ActorEnded>(bytes, [](Schema::Reader in) {
    if (in.getCause() > static_cast<std::uint8_t>(ExitCause::killed) || in.getCode() > last_code)
      throw Error(Errc::bad_input, "the end of an actor that is none");
    ExitRecord record;
    record.actor = in.getActor();
    record.name = text_of(in.getName());
    record.kind = text_of(in.getKind());
    record.incarnation = in.getIncarnation();
    record.cause = static_cast<ExitCause>(in.getCause());
    record.text = text_of(in.getText());
    if (in.getCode() != 0) record.code = static_cast<Errc>(in.getCode());
    record.doing = text_of(in.getDoing());
    record.holding = text_of(in.getHolding());
    record.wall = in.getWall();
    record.lived = Duration(in.getLived());
    record.handled = in.getHandled();
    record.unread = in.getUnread();
    for (auto line : in.getLastLines()) record.last_lines.push_back(text_of(line));
    return ActorEnded{std::move(record)};
  });
}

std::size_t Codec<ActorEnded>::size(const ActorEnded& message) {
  std::size_t bytes = sizeof message + message.record.text.size() + message.record.holding.size();
  for (const auto& line : message.record.last_lines) bytes += line.size();
  return bytes;
}

Bytes Codec<WorkerStatus>::encode(const WorkerStatus& message) {
  return encode_capnp<schema::WorkerStatus>([&](schema::WorkerStatus::Builder out) {
    out.setProcess(message.process);
    out.setMemory(message.memory);
    auto actors = out.initActors(static_cast<unsigned>(message.actors.size()));
    for (unsigned i = 0; i < message.actors.size(); ++i) write_state(message.actors[i], actors[i]);
    auto counters = out.initCounters(static_cast<unsigned>(message.counters.size()));
    unsigned at = 0;
    for (const auto& [key, value] : message.counters) {
      counters[at].setName(key);
      counters[at++].setValue(value);
    }
  });
}

Result<WorkerStatus> Codec<WorkerStatus>::decode(ByteView bytes) {
  using Schema = schema::WorkerStatus;
  return decode_capnp<Schema, WorkerStatus>(bytes, [](Schema::Reader in) {
    WorkerStatus message{.process = in.getProcess(), .memory = in.getMemory()};
    for (auto actor : in.getActors()) message.actors.push_back(read_state(actor));
    for (auto count : in.getCounters())
      message.counters[text_of(count.getName())] = count.getValue();
    return message;
  });
}

std::size_t Codec<WorkerStatus>::size(const WorkerStatus& message) {
  return sizeof message + 512 * message.actors.size() + 64 * message.counters.size();
}

Bytes Codec<WorkerLines>::encode(const WorkerLines& message) {
  return encode_capnp<schema::WorkerLines>([&](schema::WorkerLines::Builder out) {
    out.setWorker(message.worker);
    out.setLost(message.lost);
    auto lines = out.initLines(static_cast<unsigned>(message.lines.size()));
    for (unsigned i = 0; i < lines.size(); ++i) {
      lines[i].setLevel(static_cast<std::uint8_t>(message.lines[i].level));
      lines[i].setWho(message.lines[i].who);
      lines[i].setText(message.lines[i].text);
    }
  });
}

Result<WorkerLines> Codec<WorkerLines>::decode(ByteView bytes) {
  using Schema = schema::WorkerLines;
  return decode_capnp<Schema, WorkerLines>(bytes, [](Schema::Reader in) {
    WorkerLines message{.worker = text_of(in.getWorker()), .lost = in.getLost()};
    for (auto line : in.getLines()) {
      auto level =
          static_cast<Level>(std::min<int>(line.getLevel(), static_cast<int>(Level::error)));
      message.lines.push_back({level, text_of(line.getWho()), text_of(line.getText())});
    }
    return message;
  });
}

std::size_t Codec<WorkerLines>::size(const WorkerLines& message) {
  std::size_t bytes = sizeof message + message.worker.size();
  for (const WorkerLine& line : message.lines)
    bytes += sizeof line + line.who.size() + line.text.size();
  return bytes;
}

Bytes Codec<ActorGone>::encode(const ActorGone& message) {
  return encode_capnp<schema::ActorGone>([&](schema::ActorGone::Builder out) {
    out.setId(message.id);
    out.setWhy(message.why);
  });
}

Result<ActorGone> Codec<ActorGone>::decode(ByteView bytes) {
  using Schema = schema::ActorGone;
  return decode_capnp<Schema, ActorGone>(bytes, [](Schema::Reader in) {
    return ActorGone{in.getId(), text_of(in.getWhy())};
  });
}

std::size_t Codec<ActorGone>::size(const ActorGone& message) {
  return sizeof message + message.why.size();
}

Bytes Codec<ConnectionLost>::encode(const ConnectionLost& message) {
  return encode_capnp<schema::ConnectionLost>([&](schema::ConnectionLost::Builder out) {
    out.setProcess(message.process);
    out.setPeer(message.peer);
    out.setWhy(message.why);
  });
}

Result<ConnectionLost> Codec<ConnectionLost>::decode(ByteView bytes) {
  using Schema = schema::ConnectionLost;
  return decode_capnp<Schema, ConnectionLost>(bytes, [](Schema::Reader in) {
    return ConnectionLost{in.getProcess(), in.getPeer(), text_of(in.getWhy())};
  });
}

std::size_t Codec<ConnectionLost>::size(const ConnectionLost& message) {
  return sizeof message + message.why.size();
}

Bytes Codec<StopWorker>::encode(const StopWorker& message) {
  return encode_capnp<schema::StopWorker>(
      [&](schema::StopWorker::Builder out) { out.setPatience(message.patience.count()); });
}

Result<StopWorker> Codec<StopWorker>::decode(ByteView bytes) {
  using Schema = schema::StopWorker;
  return decode_capnp<Schema, StopWorker>(
      bytes, [](Schema::Reader in) { return StopWorker{Duration(in.getPatience())}; });
}

std::size_t Codec<StopWorker>::size(const StopWorker& message) {
  return sizeof message;
}

}  // namespace tramontane
