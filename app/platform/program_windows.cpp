// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/program.h"

#include <windows.h>

#include <cstdlib>
#include <string>

namespace gsst {

std::filesystem::path programPath() {
    std::wstring path(32768, L'\0');
    path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
    return path;
}

void ensurePassiveWaiting(char**) {
    if (_wgetenv(L"OMP_WAIT_POLICY"))
        return;
    _wputenv_s(L"OMP_WAIT_POLICY", L"passive");
    STARTUPINFOW startup{};
    startup.cb = sizeof(startup);
    PROCESS_INFORMATION process{};
    std::wstring command = GetCommandLineW();
    if (!CreateProcessW(programPath().c_str(), command.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &startup,
                        &process))
        return;
    WaitForSingleObject(process.hProcess, INFINITE);
    DWORD code = 1;
    GetExitCodeProcess(process.hProcess, &code);
    std::exit(static_cast<int>(code));
}

}  // namespace gsst
