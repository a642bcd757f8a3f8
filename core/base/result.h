// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace gsst {

/// What went wrong, coarsely: it selects the exit code of the command line and the icon of a notice.
enum class ErrorCode {
    InvalidInput,  ///< a value, file or text that the user gave cannot be used
    NotFound,      ///< a file or folder that should be there is not
    Permission,    ///< the operating system refused access
    NoSpace,       ///< the disk has too little free space
    Busy,          ///< another process uses it
    Corrupt,       ///< bytes on disk are not what was written
    NewerVersion,  ///< written by a newer version of this program
    OverBudget,    ///< the plan does not fit the limits
    OutOfMemory,   ///< the counted pool refused an allocation
    Io,            ///< the operating system reported a read or write error
    Cancelled,     ///< the user asked to stop
    Internal       ///< a defect of this program
};

/// An error a person can act on. `what` happened, `where` (file, field, tensor; may be empty), `why`, and
/// what `todo` about it. All are whole phrases in plain language without a final full stop.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string what;
    std::string where;
    std::string why;
    std::string todo;

    /// The error as one paragraph: "what (where): why. todo."
    std::string text() const;
};

/// Exit code of a program that ends with this error: 2 for bad input, 3.. for the others, never 0.
int exitCode(ErrorCode code);

/// Either a value or an Error. Never both, never neither.
template <typename T>
class [[nodiscard]] Result {
public:
    using Value = T;

    Result(T value) : m_data(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_data(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return m_data.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & {
        assert(ok());
        return *std::get_if<0>(&m_data);
    }
    const T& value() const& {
        assert(ok());
        return *std::get_if<0>(&m_data);
    }
    T&& value() && {
        assert(ok());
        return std::move(*std::get_if<0>(&m_data));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& {
        assert(!ok());
        return *std::get_if<1>(&m_data);
    }
    Error&& error() && {
        assert(!ok());
        return std::move(*std::get_if<1>(&m_data));
    }

private:
    std::variant<T, Error> m_data;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    bool ok() const { return !m_error; }
    explicit operator bool() const { return ok(); }
    const Error& error() const& {
        assert(m_error);
        return *m_error;
    }
    Error&& error() && {
        assert(m_error);
        return std::move(*m_error);
    }

private:
    std::optional<Error> m_error;
};

using Status = Result<void>;

}  // namespace gsst

#define GSST_CONCAT_INNER(a, b) a##b
#define GSST_CONCAT(a, b) GSST_CONCAT_INNER(a, b)

/// Returns the error of `expression` from the enclosing function, if it has one.
#define GSST_TRY(expression)                                                                                           \
    do {                                                                                                               \
        if (auto gsstStatus = (expression); !gsstStatus.ok())                                                          \
            return std::move(gsstStatus).error();                                                                      \
    } while (false)

/// `GSST_ASSIGN(auto x, f())`: x is f()'s value, or the enclosing function returns f()'s error.
#define GSST_ASSIGN(declaration, expression)                                                                           \
    GSST_ASSIGN_INNER(GSST_CONCAT(gsstResult, __LINE__), declaration, expression)
#define GSST_ASSIGN_INNER(name, declaration, expression)                                                               \
    auto name = (expression);                                                                                          \
    if (!name.ok())                                                                                                    \
        return std::move(name).error();                                                                                \
    declaration = std::move(name).value()
