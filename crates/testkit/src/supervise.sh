# Keeps one server: initdb, start, wait until the parent is gone, stop, remove everything.
# $1 directory of the programs, $2 the server's private directory, $3 port, $4 further options of the server.
# $5 and $6, when they are there: socket directory and port of the server whose standby this one is.
# The parent holds the other end of our standard input. It ends when the parent closes it and
# also when the parent is killed, so a server never outlives its test.
#
# A parent that is killed during the start must not take us with it when we answer.
trap '' PIPE
bin=$1
dir=$2
cd "$dir" || exit 1
make_data() {
    if [ -n "$5" ]; then
        # Some packages have it, and every distribution does.
        if [ -x "$bin/pg_basebackup" ]; then backup=$bin/pg_basebackup; else backup=pg_basebackup; fi
        "$backup" -D "$dir/data" -h "$5" -p "$6" -U postgres -R -c fast --no-sync
    else
        "$bin/initdb" -D "$dir/data" -U postgres -A trust --no-sync -E UTF8 --locale=C
    fi
}
if make_data "$@" >"$dir/log" 2>&1 </dev/null &&
    "$bin/pg_ctl" -D "$dir/data" -s -w -t 60 -l "$dir/log" start </dev/null >>"$dir/log" 2>&1 \
        -o "-k '$dir' -p $3 -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c max_connections=60 -c max_prepared_transactions=10 $4"
then
    echo ready
else
    echo failed
    sed 's/^/log: /' "$dir/log"
    echo end
fi
cat >/dev/null
"$bin/pg_ctl" -D "$dir/data" -s -m immediate -w stop >/dev/null 2>&1 </dev/null
cd /
rm -rf "$dir"
