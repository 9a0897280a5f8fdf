#pragma once
// How far apart positions are turned: the frequencies of a model's rotary embedding (Su et al.
// 2021), as they are or scaled to a longer context than the model was pre-trained for.
//
//   std::vector<float> table = rope_table(config);     // for kernels::rope
//
// With f_i = theta^(-2i / head_dim), in radians per position:
//   linear   f_i / factor (Chen et al. 2023, arXiv 2306.15595, position interpolation)
//   llama3   by wavelength w = 2 pi / f_i against the pre-trained context c: f_i where
//            w < c / high_frequency, f_i / factor where w > c / low_frequency, between them
//            (1 - s) f_i / factor + s f_i with s = (c / w - low_frequency) /
//            (high_frequency - low_frequency) (the reference code of Llama 3.1, apply_scaling)
//   yarn     (1 - r) f_i + r f_i / factor, where r rises from 0 to 1 between the dimensions whose
//            waves turn beta_fast and beta_slow times within c; queries and keys are multiplied by
//            `attention`, by default 0.1 ln(factor) + 1 (Peng et al. 2023, arXiv 2309.00071,
//            sections 3.2 and 3.4)
//   dynamic  f_i at every length up to the config's max_position_embeddings, beyond which theta
//            would grow with the length (the same paper, section 3.3). No sequence here is longer,
//            so that it changes nothing.
//
// Rounding to float32 is that of the implementations which models are trained and published with.
// Pure functions of values: any thread.

#include <cstdint>
#include <vector>

namespace tramontane {

struct ModelConfig;

enum class RopeKind : std::uint8_t { plain, dynamic, linear, llama3, yarn };

struct RopeScaling {
  RopeKind kind = RopeKind::plain;
  float factor = 1;           // all but plain
  std::int64_t original = 0;  // llama3, yarn: the pre-trained context; dynamic: the config's
  float low_frequency = 1;    // llama3
  float high_frequency = 4;   // llama3
  float beta_fast = 32;       // yarn
  float beta_slow = 1;        // yarn
  float attention = 1;        // yarn
  bool truncate = true;       // yarn: the ramp begins and ends at whole dimensions

  bool operator==(const RopeScaling&) const = default;
};

// (head_dim / 2) frequencies.
std::vector<float> rope_frequencies(
    std::int64_t head_dim, double theta, const RopeScaling& scaling);

// (context, head_dim) cosines and sines, as kernels::rope reads them.
std::vector<float> rope_table(const ModelConfig& config);

}  // namespace tramontane
