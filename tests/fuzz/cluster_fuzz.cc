// Any bytes as a message between the processes of a cluster, or as a job's record: it is read, and
// then says the same when it is written and read again; or it is refused. The first byte chooses.
#include "actors/cluster/head_job.h"
#include "runtime/base/check.h"
#include "runtime/cluster/messages.h"

#include <cstdint>
#include <iterator>

using namespace tramontane;

namespace {

// What is written of what was read is the one form of it.
template <class Decode, class Encode>
void read(ByteView bytes, Decode decode, Encode encode) {
  auto first = decode(bytes);
  if (!first) return;
  Bytes written = encode(*first);
  auto second = decode(written);
  TRAM_CHECK(second.has_value(), "what was written is read");
  TRAM_CHECK(encode(*second) == written, "what was read twice is the same");
}

template <class M>
void read_message(ByteView bytes) {
  read(bytes, Codec<M>::decode, Codec<M>::encode);
  if (auto message = Codec<M>::decode(bytes)) static_cast<void>(Codec<M>::size(*message));
}

void read_purpose(ByteView bytes) {
  read(bytes, decode_purpose, encode_purpose);
}

void read_setup(ByteView bytes) {
  read(bytes, decode_driver_setup, encode_driver_setup);
}

void read_record(ByteView bytes) {
  try {
    HeadJob job = parse_job_record(std::string(as_text(bytes)));
    TRAM_CHECK(parse_job_record(job_record(job)) == job, "a record is read as it was written");
  } catch (const Error& error) {
    TRAM_CHECK(error.errc() == Errc::corrupt, "a record is read or corrupt", error.text());
  }
}

constexpr void (*readers[])(ByteView) = {read_record, read_purpose, read_setup,
    read_message<StartWorker>, read_message<ProcessStarted>, read_message<KillWorker>,
    read_message<ConnectWorkers>, read_message<MeetNode>, read_message<MeetingFailed>,
    read_message<WorkerGone>, read_message<JoinCluster>, read_message<Welcomed>,
    read_message<StartDriver>, read_message<StopDriver>, read_message<DriverEnded>,
    read_message<FindSeat>, read_message<FoundSeat>, read_message<AskHead>,
    read_message<HeadAnswer>, read_message<SeatWorkers>, read_message<WorkersSeated>,
    read_message<SeekSeat>, read_message<NodeLeaves>};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  readers[data[0] % std::size(readers)](std::as_bytes(std::span(data + 1, size - 1)));
  return 0;
}
