"""How fast the engine is beside what people use today; start with `bench_engine`."""
