#include "tests/model/paper_losses.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

namespace tramontane {
namespace {

using Sequences = std::vector<PaperSequence>;
using Groups = std::map<std::uint64_t, std::vector<std::size_t>>;  // members' indices

constexpr double tiny = 1e-6;

Groups groups_of(const Sequences& sequences) {
  Groups groups;
  for (std::size_t i = 0; i < sequences.size(); ++i) groups[sequences[i].group].push_back(i);
  return groups;
}

double length(const PaperSequence& s) {
  return static_cast<double>(s.log_probs.size(0));
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

// With n - 1, as torch.std has it.
double deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  double sum = 0;
  for (double v : values) sum += (v - mean(values)) * (v - mean(values));
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

// r - mean(r_1 … r_G), divided by std(r_1 … r_G) for GRPO and its kin.
std::vector<double> group_advantages(const Sequences& sequences, bool divide) {
  std::vector<double> a(sequences.size());
  for (const auto& [group, members] : groups_of(sequences)) {
    std::vector<double> rewards;
    for (std::size_t i : members) rewards.push_back(sequences[i].score);
    for (std::size_t i : members) {
      a[i] = sequences[i].score - mean(rewards);
      if (divide) a[i] /= deviation(rewards) + tiny;
    }
  }
  return a;
}

// Magistral, section 2.1: A_i = r_i - mean of the group, then (A - mean) / std of the minibatch.
std::vector<double> minibatch_advantages(const Sequences& sequences) {
  std::vector<double> a = group_advantages(sequences, false);
  std::vector<double> all = a;
  for (double& x : a) x = (x - mean(all)) / (deviation(all) + tiny);
  return a;
}

at::Tensor ratios(const PaperSequence& s) {
  return (s.log_probs - s.behaviour).exp();
}

at::Tensor surrogate(const at::Tensor& ratio, double a, const PaperBounds& b) {
  return at::min(ratio * a, ratio.clamp(1 - b.low, 1 + b.high) * a);
}

// The mean over groups of 1 / Σ_i |o_i| · Σ_i Σ_t of what each sequence gives.
template <class Term>
at::Tensor over_groups(const Sequences& sequences, Term term) {
  at::Tensor total = at::zeros({}, at::kDouble);
  Groups groups = groups_of(sequences);
  for (const auto& [group, members] : groups) {
    double tokens = 0;
    at::Tensor sum = at::zeros({}, at::kDouble);
    for (std::size_t i : members) {
      tokens += length(sequences[i]);
      sum = sum + term(i).sum();
    }
    total = total + sum / tokens;
  }
  return total / static_cast<double>(groups.size());
}

template <class Term>
at::Tensor over_tokens(const Sequences& sequences, Term term) {
  double tokens = 0;
  at::Tensor sum = at::zeros({}, at::kDouble);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    tokens += length(sequences[i]);
    sum = sum + term(i).sum();
  }
  return sum / tokens;
}

template <class Term>
at::Tensor over_sequences(const Sequences& sequences, Term term) {
  at::Tensor sum = at::zeros({}, at::kDouble);
  for (std::size_t i = 0; i < sequences.size(); ++i) sum = sum + term(i);
  return sum / static_cast<double>(sequences.size());
}

at::Tensor objective(const std::string& name, const Sequences& s, const PaperBounds& b) {
  // arXiv:2506.10910, section 2.1.
  if (name == "magistral") {
    auto a = minibatch_advantages(s);
    return over_groups(s, [&](std::size_t i) { return surrogate(ratios(s[i]), a[i], b); });
  }
  auto a = group_advantages(s, name != "dr_grpo");
  // arXiv:2402.03300, equation 3, without the KL term: 1/G Σ_i 1/|o_i| Σ_t.
  if (name == "grpo")
    return over_sequences(
        s, [&](std::size_t i) { return surrogate(ratios(s[i]), a[i], b).mean(); });
  // arXiv:2503.14476, equation 8.
  if (name == "dapo")
    return over_groups(s, [&](std::size_t i) { return surrogate(ratios(s[i]), a[i], b); });
  // arXiv:2503.20783: the sum over a completion divided by a constant.
  if (name == "dr_grpo")
    return over_sequences(
        s, [&](std::size_t i) { return surrogate(ratios(s[i]), a[i], b).sum() / b.budget; });
  // arXiv:2506.13585, equations 4 and 5: sg(clip(r)) · A · log pi.
  if (name == "cispo")
    return over_groups(s, [&](std::size_t i) {
      return ratios(s[i]).clamp(1 - b.low, 1 + b.high).detach() * a[i] * s[i].log_probs;
    });
  // arXiv:2507.18071, equations 5 and 7: s_i = (pi(y) / pi_old(y))^(1/|y|).
  if (name == "gspo")
    return over_sequences(s, [&](std::size_t i) {
      at::Tensor whole = ((s[i].log_probs - s[i].behaviour).sum() / length(s[i])).exp();
      return surrogate(whole, a[i], b);
    });
  // Ionides 2008: sg(min(r, c)) · A · log pi.
  if (name == "truncated_is")
    return over_tokens(s, [&](std::size_t i) {
      return ratios(s[i]).clamp_max(b.cap).detach() * a[i] * s[i].log_probs;
    });
  // arXiv:2505.24298, equation 5: pi_prox / pi_behav · min(u A, clip(u) A), u = pi / pi_prox.
  if (name == "decoupled_ppo") {
    auto normal = minibatch_advantages(s);
    return over_tokens(s, [&, normal](std::size_t i) {
      at::Tensor importance = (s[i].proximal - s[i].behaviour).exp();
      if (b.cap > 0) importance = importance.clamp_max(b.cap);
      return importance * surrogate((s[i].log_probs - s[i].proximal).exp(), normal[i], b);
    });
  }
  throw std::invalid_argument("no paper's formula for " + name);
}

}  // namespace

at::Tensor paper_loss(const std::string& algorithm, const std::vector<PaperSequence>& sequences,
    const PaperBounds& bounds) {
  return -objective(algorithm, sequences, bounds);
}

}  // namespace tramontane
