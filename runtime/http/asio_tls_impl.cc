// Boost.Asio's TLS, compiled once here, as asio_impl.cc does with the rest of it.
#include <boost/asio/ssl/impl/src.hpp>
