#pragma once
// Matrices and vectors, computed: multiples, sums, products, whole powers, transposes and
// determinants, entry by entry; lists of lists read as matrices.

#include "actors/rewards/maths/node.h"

namespace tramontane::maths {

// The tree with its matrices computed; itself where there is none, or where the shapes do not fit.
Node with_computed_matrices(const Node& node);

}  // namespace tramontane::maths
