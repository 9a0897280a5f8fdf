#pragma once

// The deleter of what a C library made, by the function that frees it:
//
//   std::unique_ptr<SSL, FreedBy<::SSL_free>> connection(::SSL_new(context));

namespace tramontane {

template <auto free>
struct FreedBy {
  template <class T>
  void operator()(T* it) const {
    free(it);
  }
};

}  // namespace tramontane
