// Operations on one row at a time. Elementwise ones use whole vectors throughout, padded at the
// end of a row, so that an element's value does not depend on the lane that computes it.

#include "kernels/cpu/kernels.h"

namespace tramontane::kernels::TRAM_KERNEL_ISA {
namespace {

// Calls body(i, left) for each vector of a row: `left` floats from i, the last maybe not full.
template <class Body>
TRAM_INLINE void each_vector(std::int64_t width, const Body& body) {
  for (std::int64_t i = 0; i < width; i += lanes) body(i, smaller(lanes, width - i));
}

}  // namespace

void rms_norm(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width,
    float* y, float* rstd) {
  const float count = static_cast<float>(width);
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = x + row * width;
    float* to = y + row * width;
    Floats squares = {};
    each_vector(width, [&](std::int64_t i, std::int64_t left) {
      const Floats v = load_up_to(from + i, left);
      squares = fma(v, v, squares);
    });
    const float scale = 1.0F / __builtin_sqrtf(sum(squares) / count + eps);
    if (rstd) rstd[row] = scale;
    each_vector(width, [&](std::int64_t i, std::int64_t left) {
      store_up_to(to + i, load_up_to(from + i, left) * scale * load_up_to(weight + i, left), left);
    });
  }
}

void rms_norm_backward(const float* dy, const float* x, const float* weight, const float* rstd,
    std::int64_t rows, std::int64_t width, float* dx, float* dweight) {
  const float count = static_cast<float>(width);
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* gradient = dy + row * width;
    const float* from = x + row * width;
    float* to = dx + row * width;
    const float scale = rstd[row];
    Floats products = {};
    each_vector(width, [&](std::int64_t i, std::int64_t left) {
      const Floats g = load_up_to(gradient + i, left);
      const Floats v = load_up_to(from + i, left);
      products = fma(g * load_up_to(weight + i, left), v, products);
      const Floats dw = fma(g * scale, v, load_up_to(dweight + i, left));
      store_up_to(dweight + i, dw, left);
    });
    // d/dx of x·r with r = (mean x² + eps)^-1/2: r·(g·w) - x·r³·mean(g·w·x).
    const float mean = sum(products) / count * scale * scale * scale;
    each_vector(width, [&](std::int64_t i, std::int64_t left) {
      const Floats g = load_up_to(gradient + i, left) * load_up_to(weight + i, left);
      store_up_to(to + i, fma(load_up_to(from + i, left), splat(-mean), g * scale), left);
    });
  }
}

void add(const float* x, const float* z, std::int64_t n, float* y) {
  each_vector(n, [&](std::int64_t i, std::int64_t left) {
    store_up_to(y + i, load_up_to(x + i, left) + load_up_to(z + i, left), left);
  });
}

namespace {

// Heads that are one vector wide: both halves turn at once, the same arithmetic lane by lane.
void rope_vector(float* row, std::int64_t heads, const float* row_angles, bool inverse) {
  constexpr int half = lanes / 2;
  float twice[2][lanes];
  for (int i = 0; i < half; ++i) {
    const float sine = inverse ? -row_angles[half + i] : row_angles[half + i];
    twice[0][i] = twice[0][half + i] = row_angles[i];
    twice[1][i] = -sine;
    twice[1][half + i] = sine;
  }
  const Floats cosine = load(twice[0]);
  const Floats sine = load(twice[1]);
  for (std::int64_t head = 0; head < heads; ++head) {
    const Floats x = load(row + head * lanes);
    store(row + head * lanes, fma(x, cosine, swap_halves(x) * sine));
  }
}

void rope_any(
    float* row, std::int64_t heads, std::int64_t head_dim, const float* row_angles, bool inverse) {
  const std::int64_t half = head_dim / 2;
  each_vector(half, [&](std::int64_t i, std::int64_t left) {
    const Floats cosine = load_up_to(row_angles + i, left);
    Floats sine = load_up_to(row_angles + half + i, left);
    if (inverse) sine = -sine;
    for (std::int64_t head = 0; head < heads; ++head) {
      float* at = row + head * head_dim + i;
      const Floats a = load_up_to(at, left);
      const Floats b = load_up_to(at + half, left);
      store_up_to(at, fma(a, cosine, -(b * sine)), left);
      store_up_to(at + half, fma(b, cosine, a * sine), left);
    }
  });
}

}  // namespace

void rope(float* x, std::int64_t stride, const std::int32_t* positions, std::int64_t rows,
    std::int64_t heads, std::int64_t head_dim, const float* angles, bool inverse) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* row_angles = angles + positions[row] * head_dim;
    if (head_dim == lanes) {
      rope_vector(x + row * stride, heads, row_angles, inverse);
    } else {
      rope_any(x + row * stride, heads, head_dim, row_angles, inverse);
    }
  }
}

void swiglu(const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* gates = gate_up + row * 2 * width;
    const float* ups = gates + width;
    float* to = out + row * width;
    each_vector(width, [&](std::int64_t i, std::int64_t left) {
      const Floats gate = load_up_to(gates + i, left);
      store_up_to(to + i, gate * sigmoid(gate) * load_up_to(ups + i, left), left);
    });
  }
}

void swiglu_backward(const float* dout, const float* gate_up, std::int64_t rows, std::int64_t width,
    float* dgate_up) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* gates = gate_up + row * 2 * width;
    const float* ups = gates + width;
    const float* from = dout + row * width;
    float* dgates = dgate_up + row * 2 * width;
    float* dups = dgates + width;
    each_vector(width, [&](std::int64_t i, std::int64_t left) {
      const Floats d = load_up_to(from + i, left);
      const Floats gate = load_up_to(gates + i, left);
      const Floats share = sigmoid(gate);
      const Floats silu = gate * share;
      // silu' = s·(1 + g·(1 - s)) = s + silu·(1 - s)
      const Floats slope = fma(silu, 1.0F - share, share);
      store_up_to(dgates + i, d * load_up_to(ups + i, left) * slope, left);
      store_up_to(dups + i, d * silu, left);
    });
  }
}

}  // namespace tramontane::kernels::TRAM_KERNEL_ISA
