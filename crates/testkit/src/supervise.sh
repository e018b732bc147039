# Keeps one server: initdb, start, wait until the parent is gone, stop, remove everything.
# $1 directory of the programs, $2 the server's private directory, $3 port, $4 further options of the server.
# The parent holds the other end of our standard input. It ends when the parent closes it and
# also when the parent is killed, so a server never outlives its test.
#
# A parent that is killed during the start must not take us with it when we answer.
trap '' PIPE
bin=$1
dir=$2
cd "$dir" || exit 1
make() {
    # A standby's data is there already.
    [ -d "$dir/data" ] || "$bin/initdb" -D "$dir/data" -U postgres -A trust --no-sync -E UTF8 --locale=C
}
if make >"$dir/log" 2>&1 </dev/null &&
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
