# `seal-wit signatures` -> rows of signatures.def: interface, function, type.
{
	at = index($1, "#")
	printf "SIGNATURE(\"%s\", \"%s\", \"%s\")\n", substr($1, 1, at ? at - 1 : 0), substr($1, at + 1), $2
}
