#pragma once
// The trainer's parameters as its nodes multiply by them: as they are served, and packed for both
// directions. All of them are kept, or each layer's are made when it is asked for and let go with
// the next, by who has less memory than time.
//
//   NetworkWeights weights(config, manifest, parameters);
//   weights.changed();                                      // after each step
//   const NetworkWeights::Layer& layer = weights.layer(3, Directions::both);
//
// Belongs to one thread.

#include "actors/model/packed.h"
#include "actors/model/recompute.h"
#include "actors/model/torch/nodes.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tramontane {

enum class Directions : std::uint8_t { forward, both };

class NetworkWeights {
 public:
  // The parameters lie as the manifest, the config's, says. Both outlive this.
  NetworkWeights(const ModelConfig& config, const Manifest& manifest, const float* parameters);

  struct Layer {
    PackedWeights::Layer packed;
    nodes::Linear qkv;
    nodes::Linear o;
    nodes::Linear router;
    std::vector<nodes::FeedForward> feed_forward;
    Directions directions = Directions::forward;
  };

  struct Head {
    kernels::PackedMatrix packed;
    nodes::Linear linear;
    Directions directions = Directions::forward;
  };

  // What was made is let go.
  void set_recompute(Recompute recompute);

  // The parameters have changed: what was made of them is made anew when it is next asked for.
  void changed();

  const LayerOffsets& offsets(std::size_t layer) const { return offsets_.layers[layer]; }

  std::int64_t embed_offset() const { return offsets_.embed; }

  std::int64_t norm_offset() const { return offsets_.norm; }

  // Valid until another layer is asked for, the same in more directions, or the parameters change.
  // A layer in both directions lets go of the head, by which the backward pass has gone then.
  const Layer& layer(std::size_t number, Directions directions);

  // Valid until the parameters change, or as layer() says.
  const nodes::Linear& head(Directions directions);

  // (width) of the last norm.
  const float* norm() const;

  // out (rows, width) = the embeddings of ids, as they are served.
  void embed(const std::int32_t* ids, std::int64_t rows, float* out) const;

  // The parameters as they are served: the content of an arena of serving_manifest().
  void serve(std::span<std::byte> out) const;

 private:
  struct Range {
    std::size_t first = 0;
    std::size_t last = 0;  // the one behind
  };

  void serve_range(Range range, std::byte* out) const;
  // The served form of some tensors, in `buffer` where they are not served as they are.
  MatrixBlock served(Range range, std::vector<float>& buffer) const;
  // All of them.
  MatrixBlock whole();
  std::unique_ptr<Layer> make_layer(
      std::size_t number, const MatrixBlock& block, Directions directions) const;
  std::unique_ptr<Head> make_head(const MatrixBlock& block, Directions directions) const;

  const ModelConfig& config_;
  const Manifest& manifest_;
  const float* parameters_;
  Sizes sizes_;
  BlockOffsets offsets_;
  Manifest serving_manifest_;
  BlockOffsets serving_offsets_;
  std::vector<Range> ranges_;  // tensors of each layer
  Recompute recompute_ = Recompute::none;
  std::vector<float> served_;  // in words of 32 bits: all, or of the layer at hand
  bool all_served_ = false;
  std::vector<std::unique_ptr<Layer>> layers_;  // null: not made
  std::unique_ptr<Head> head_;
};

}  // namespace tramontane
