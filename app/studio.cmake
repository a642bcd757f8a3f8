# gsst-studio: the desktop program.
add_executable(gsst-studio main.cpp platform/installed_memory_${platform}.cpp)
target_link_libraries(gsst-studio PRIVATE gsst_ui gsst_train gsst_platform)
gsst_program(gsst-studio)
