#include <math.h>
#include <stdio.h>

#include "../src/convert.h"

static int check(const char *what, double got, double want)
{
	if (fabs(got - want) < 0.01)
		return printf("ok: %s\n", what), 0;
	return printf("FAIL: %s is %.2f, want %.2f\n", what, got, want), 1;
}

int main(void)
{
	int failed = 0;

	failed |= check("to_fahrenheit(100)", to_fahrenheit(100), 212);
	failed |= check("to_celsius(212)", to_celsius(212), 100);
	failed |= check("to_celsius(32)", to_celsius(32), 0);
	return failed;
}
