#pragma once
// How each message of messages.h travels: its Codec. Include this where messages are sent or
// handled. The ids are those of messages.capnp.

#include "actors/messages/messages.h"
#include "runtime/wire/message.h"

#include <utility>
#include <vector>

namespace tramontane {
namespace detail {

// What all codecs here declare; codecs.cc and codecs_ledger.cc define it.
template <class M, std::uint64_t type_id>
struct WireCodec {
  static constexpr std::uint64_t id = type_id;
  static Bytes encode(const M& message);
  static Result<M> decode(ByteView bytes);
  static std::size_t size(const M& message);
};

// Of a message whose `weights`, where it has any, travel beside it.
template <class M>
struct WeightsBeside {
  static std::vector<Blob> blobs(const M& message) {
    return message.weights ? std::vector<Blob>{message.weights} : std::vector<Blob>{};
  }

  static bool attach(M& message, std::vector<Blob> blobs) {
    if (blobs.size() > 1) return false;
    if (!blobs.empty()) message.weights = std::move(blobs.front());
    return true;
  }
};

}  // namespace detail

#define TRAM_CODEC(M, type_id)                      \
  template <>                                       \
  struct Codec<M> : detail::WireCodec<M, type_id> { \
    static constexpr const char* name = #M;         \
  }

#define TRAM_CODEC_WEIGHTS(M, type_id)                                        \
  template <>                                                                 \
  struct Codec<M> : detail::WireCodec<M, type_id>, detail::WeightsBeside<M> { \
    static constexpr const char* name = #M;                                   \
  }

TRAM_CODEC(LeaseTasks, 0xa1d0c4f2e6b83901);
TRAM_CODEC(TaskList, 0xa1d0c4f2e6b83902);
TRAM_CODEC(Append, 0xa1d0c4f2e6b83903);
TRAM_CODEC(AppendResults, 0xa1d0c4f2e6b83904);
TRAM_CODEC(LeaseFinished, 0xa1d0c4f2e6b83905);
TRAM_CODEC(FinishedList, 0xa1d0c4f2e6b83906);
TRAM_CODEC(Judge, 0xa1d0c4f2e6b83908);
TRAM_CODEC(TakeBatch, 0xa1d0c4f2e6b83909);
TRAM_CODEC(BatchAnswer, 0xa1d0c4f2e6b8390a);
TRAM_CODEC(Trained, 0xa1d0c4f2e6b8390b);
TRAM_CODEC(TrainedAnswer, 0xa1d0c4f2e6b8390c);
TRAM_CODEC(Checkpointed, 0xa1d0c4f2e6b8390d);
TRAM_CODEC(RestartFrom, 0xa1d0c4f2e6b8390e);
TRAM_CODEC(AskCounts, 0xa1d0c4f2e6b83910);
TRAM_CODEC(LedgerCounts, 0xa1d0c4f2e6b83911);
TRAM_CODEC_WEIGHTS(Publish, 0xa1d0c4f2e6b83912);
TRAM_CODEC_WEIGHTS(Offer, 0xa1d0c4f2e6b83913);
TRAM_CODEC(OfferResult, 0xa1d0c4f2e6b83914);
TRAM_CODEC(Swap, 0xa1d0c4f2e6b83915);
TRAM_CODEC(SwapResult, 0xa1d0c4f2e6b83916);
TRAM_CODEC_WEIGHTS(Evaluate, 0xa1d0c4f2e6b83917);
TRAM_CODEC(EvaluationResult, 0xa1d0c4f2e6b83918);
TRAM_CODEC(Evaluated, 0xa1d0c4f2e6b83919);
TRAM_CODEC(Report, 0xa1d0c4f2e6b8391a);
TRAM_CODEC(FinishRun, 0xa1d0c4f2e6b8391b);
TRAM_CODEC(Nudge, 0xa1d0c4f2e6b8391c);
TRAM_CODEC(Tick, 0xa1d0c4f2e6b8391d);

TRAM_CODEC(Join, 0xa1d0c4f2e6b8391e);

#undef TRAM_CODEC
#undef TRAM_CODEC_WEIGHTS

}  // namespace tramontane
