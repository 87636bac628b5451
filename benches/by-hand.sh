#!/bin/bash
# The drill `datacenter-loss` on the stack wiki-cloud, by hand: the same steps one after the other, with the docker command
# line and curl alone. It tells what a drill costs without Ernstfall, and tries the stack's scripts without it.
#
#   benches/by-hand.sh
#
# IMAGES   prefix of the images (default ernstfall/byhand-): <prefix><name>:dev for database, wiki, search, pdf, proxy,
#          cache, toolbox, vault; build them with `docker build -t <prefix><name>:dev` from the folders of the stack
# RUN      run id (default byhand-<pid>); all that is started has the label ernstfall.run=<run id>, and only that is removed
# KEEP     if set, nothing is removed at the end
# Needs docker, curl, jq. Prints one line per phase: seconds, name. Ends with 0 if every check was right.
set -euo pipefail
umask 077
stack=$(cd "$(dirname "$0")/../fixtures/stacks/wiki-cloud" && pwd)
images=${IMAGES:-ernstfall/byhand-}
run=${RUN:-byhand-$$}
label=ernstfall.run=$run
tenants=(acme acme-prod globex)
TENANTS=$(IFS=,; echo "${tenants[*]}")
domain=wiki.example primary=falkenstein mirror=helsinki
work=$(mktemp -d)
secrets=$work/secrets
mkdir "$secrets"

# --- telling -------------------------------------------------------------------------------------------------------------
now() { date +%s.%N; }
phase() { # name, command...
    local name=$1 began
    shift
    began=$(now)
    "$@"
    printf '%8.2f  %s\n' "$(bc -l <<< "$(now) - $began")" "$name"
}
fail() { echo "by-hand: $*" >&2; exit 1; }
each() { # command..., once for each tenant, its name last
    local tenant
    for tenant in "${tenants[@]}"; do "$@" "$tenant" || fail "$* failed for $tenant"; done
}
remove_all() {
    [ -z "${KEEP:-}" ] || { echo "kept: $run, $work"; return; }
    docker ps -aq --filter "label=$label" | xargs -r docker rm -fv > /dev/null
    docker volume ls -q --filter "label=$label" | xargs -r docker volume rm > /dev/null
    docker network ls -q --filter "label=$label" | xargs -r docker network rm > /dev/null
    rm -rf "$work"
}
trap remove_all EXIT

# --- containers ----------------------------------------------------------------------------------------------------------
name() { echo "$run-$1-$2${3:+-$3}"; } # datacenter, service, tenant
volume() { docker volume create --label "$label" --label "ernstfall.datacenter=$1" "$(name "$@")"; }
secret() { printf -- '-v %s/%s:/run/secrets/%s:ro ' "$secrets" "$1" "$2"; } # file in the folder, name in the container

# options <datacenter> <service> [tenant]: image, mounts and command, as the Compose files have them
options() {
    local dc=$1 service=$2 tenant=${3:-} operator="-v $stack/scripts:/opt/operator:ro" vault="-v $stack/../vault/scripts:/opt/vault:ro"
    case $service in
        database) echo "-m 768m --tmpfs /run/mysqld $operator -v $(volume $dc database-data):/var/lib/mysql $(secret database-root database-root)" \
            "$(secret search-password search-password) ${images}database:dev /opt/operator/database/start" ;;
        search) echo "-m 384m --tmpfs /run/search -e TENANTS=$TENANTS $operator -v $(volume $dc search-index):/var/lib/sphinxsearch" \
            "$(secret search-password search-password) ${images}search:dev /opt/operator/search/start" ;;
        pdf) echo "-m 512m --tmpfs /tmp -u nobody -e XDG_CACHE_HOME=/tmp -e TENANTS=$TENANTS -e DOMAIN=$domain -e DATACENTER=$dc $operator ${images}pdf:dev python3 /opt/operator/pdf/serve.py" ;;
        cache) echo "-m 128m $operator ${images}cache:dev memcached -u memcache -m 64 -c 512 -U 0" ;;
        vault) echo "-m 512m $vault -v $(volume $dc vault-data):/srv/vault $(secret tls/vault.$dc.pem vault-cert.pem) $(secret tls/vault.$dc-key.pem vault-key.pem)" \
            "$(secret vault/htpasswd htpasswd) $(secret vault/htpasswd-retention htpasswd-retention) ${images}vault:dev /opt/vault/serve" ;;
        wiki-*) echo "-m 512m --tmpfs /run/wiki -e TENANT=$tenant -e DOMAIN=$domain -e DATACENTER=$dc -e MW_CONFIG_FILE=/opt/operator/wiki/LocalSettings.php $operator" \
            "-v $(volume $dc uploads $tenant):/srv/wiki $(secret tenants/$tenant/admin-password admin-password) $(secret tenants/$tenant/db-password db-password)" \
            "$(secret tenants/$tenant/secret-key secret-key) ${images}wiki:dev /opt/operator/wiki/${service#wiki-}" ;;
        backup) echo "-m 512m -e TENANT=$tenant -e DATACENTER=$dc $operator $vault -v $(volume $dc uploads $tenant):/srv/wiki -v $(volume $dc staging $tenant):/staging" \
            "$(secret tls/ca.pem ca.pem) $(secret tenants/$tenant/db-password db-password) $(secret tenants/$tenant/restic-password restic-password)" \
            "$(secret tenants/$tenant/vault-password vault-password) ${images}toolbox:dev sleep infinity" ;;
        *) fail "no such service: $service" ;;
    esac
}
up() { # datacenter, service, tenant
    local dc=$1 service=$2 tenant=${3:-} id aliases network=$1
    id=$(name "$@")
    case $service in
        vault) network=link aliases="--network-alias vault.$dc" ;;
        pdf) aliases="--network-alias pdf --network-alias pdf.$dc" ;;
        database | search | cache) aliases="--network-alias $service" ;;
        *) aliases="--network-alias $tenant-$service.$dc" ;;
    esac
    # shellcheck disable=SC2046,SC2086
    docker create --name "$id" --label "$label" --label "ernstfall.datacenter=$dc" --init --restart unless-stopped \
        --network "$run-$network" $aliases $(options "$@") > /dev/null
    [ "$service" != backup ] || docker network connect --alias "$tenant-backup.$dc" "$run-link" "$id"
    docker start "$id" > /dev/null
}
up_for_tenants() { local dc=$1 service; shift; for service; do each up "$dc" "$service"; done; }
in_container() { local dc=$1 service=$2 tenant=$3; shift 3; docker exec "$(name "$dc" "$service" ${tenant:+"$tenant"})" "$@"; }
job() { # datacenter, network, tenant, command...: a one-shot with what follows `--` of its mounts in $mounts
    local dc=$1 network=$2 tenant=$3
    shift 3
    # shellcheck disable=SC2086
    docker run --rm --init --label "$label" --network "$run-$network" -e TENANT="$tenant" -e DATACENTER="$dc" \
        -v "$stack/scripts:/opt/operator:ro" -v "$stack/../vault/scripts:/opt/vault:ro" $mounts "${images}toolbox:dev" "$@"
}
until_true() { # seconds, command...
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "not in time: $*"
        sleep 0.1
    done
}

# --- the wikis, through the front door -------------------------------------------------------------------------------------
front_port() { docker port "$run-proxy" 443/tcp | sed 's/.*://'; }
web() { # tenant, path, curl options...
    local tenant=$1 path=$2
    shift 2
    curl -sS -m 30 --cacert "$secrets/tls/ca.pem" --resolve "$tenant.$domain:$port:127.0.0.1" "$@" "https://$tenant.$domain:$port$path"
}
api() { # tenant, user, curl options...
    local tenant=$1 user=$2
    shift 2
    web "$tenant" "/api.php?format=json&formatversion=2" -b "$work/$tenant.$user.jar" -c "$work/$tenant.$user.jar" "$@"
}
token() { api "$1" "$2" -d action=query -d meta=tokens -d type="${3:-csrf}" | jq -rj ".query.tokens.${3:-csrf}token"; }
login() { # tenant, user, file with the password
    rm -f "$work/$1.$2.jar"
    token "$1" "$2" login > "$work/$1.$2.token"
    api "$1" "$2" -d action=login -d lgname="$2" --data-urlencode "lgpassword@$3" --data-urlencode "lgtoken@$work/$1.$2.token" |
        jq -e '.login.result == "Success"' > /dev/null || fail "$1: $2 cannot log in"
    token "$1" "$2" > "$work/$1.$2.token"
}
done_right() { # what, jq condition; stdin = answer
    local answer
    answer=$(cat)
    jq -e "$2" <<< "$answer" > /dev/null || fail "$1: $answer"
}
write_page() { # tenant, title, file
    api "$1" Admin -d action=edit -d "title=$2" --data-urlencode "text@$3" --data-urlencode "token@$work/$1.Admin.token" | done_right "edit $1 $2" '.edit.result == "Success"'
    cp "$3" "$expected/$1/pages/$2"
}
write_file() { # tenant, name, file
    api "$1" Admin -F action=upload -F "filename=$2" -F ignorewarnings=1 -F "file=@$3;type=application/octet-stream" -F "token=<$work/$1.Admin.token" |
        done_right "upload $1 $2" '.upload.result == "Success"'
    cp "$3" "$expected/$1/files/$2"
}
delete_page() {
    api "$1" Admin -d action=delete -d "title=$2" --data-urlencode "token@$work/$1.Admin.token" | done_right "delete $1 $2" '.delete.logid'
    rm "$expected/$1/pages/$2"
}
right() { # tenant, add or remove, group
    api "$1" Admin -d action=userrights -d user=Rita -d "$2=$3" --data-urlencode "token=$(token "$1" Admin userrights)" | done_right "userrights $1" '.userrights'
}
expected=$work/expected
word() { printf 'EF%s' "$(head -c 32 /dev/urandom | base32 | tr -d '=\n' | cut -c -26)"; }
content() { printf 'Page of %s, %s.\n\nThe word is %s. Grüße, äöü.' "$1" "$2" "$(word)"; }

# --- phases ----------------------------------------------------------------------------------------------------------------
start() {
    local mounts dc
    for dc in $primary $mirror link; do docker network create --internal --label "$label" --label "ernstfall.datacenter=$dc" "$run-$dc" > /dev/null; done
    docker network create --label "$label" "$run-front" > /dev/null
    docker run --rm --label "$label" --network none -v "$secrets:/secrets" -v "$stack/../vault/scripts:/opt/vault:ro" -e "TENANTS=$TENANTS" \
        -e "DOMAIN=$domain" -e "DATACENTERS=$primary,$mirror" -e "OWNER=$(id -u):$(id -g)" "${images}toolbox:dev" \
        /opt/vault/make-secrets --shared search-password --tenant secret-key > /dev/null
    for service in database search pdf cache vault; do up $primary $service; done
    up $mirror vault
    up_for_tenants $primary wiki-web wiki-task backup
    # shellcheck disable=SC2046
    docker create --name "$run-proxy" --label "$label" --init --restart unless-stopped --network "$run-front" -p 127.0.0.1::443 --tmpfs /run/front \
        -m 192m -e "TENANTS=$TENANTS" -e "DOMAIN=$domain" -e "PRIMARY=$primary" -e "DATACENTERS=$primary,$mirror" -v "$stack/scripts:/opt/operator:ro" \
        -v "$(docker volume create --label "$label" "$run-front-state"):/var/lib/front" $(secret tls/front.pem front.pem) \
        "${images}proxy:dev" /opt/operator/proxy/start > /dev/null
    docker network connect "$run-$primary" "$run-proxy"
    docker network connect "$run-$mirror" "$run-proxy"
    docker start "$run-proxy" > /dev/null
    until_true 60 in_container $primary database "" mariadb-admin ping
    until_true 60 in_container $primary vault "" /opt/vault/health
    until_true 60 in_container $mirror vault "" /opt/vault/health
    port=$(front_port)
}
provision() { # datacenter, tenant
    local mounts="$(secret database-root database-root) $(secret "tenants/$2/db-password" db-password)"
    job "$1" "$1" "$2" /opt/operator/provision-tenant > /dev/null
}
install_wiki() {
    provision $primary "$1"
    in_container $primary wiki-web "$1" /opt/operator/wiki/install > /dev/null 2> "$work/install.$1"
}
init_vault() { in_container $primary backup "$1" /opt/vault/init $mirror > /dev/null 2> "$work/init.$1"; }
answers() { web "$1" "/index.php?title=Main_Page" -o /dev/null -w '%{http_code}' | grep -qx 200; }
first_corpus() {
    local tenant=$1 n group
    until_true 60 answers "$tenant"
    mkdir -p "$expected/$tenant/"{pages,files}
    login "$tenant" Admin "$secrets/tenants/$tenant/admin-password"
    for n in $(seq -w 30); do
        content "$tenant" "page $n" > "$work/$tenant.text"
        write_page "$tenant" "Page-$n" "$work/$tenant.text"
    done
    printf 'The decoy is the same everywhere: lighthouse.' > "$work/$tenant.text"
    write_page "$tenant" Decoy "$work/$tenant.text"
    for n in 1 2 3 4 5; do
        head -c 600000 /dev/urandom > "$work/$tenant.bin"
        write_file "$tenant" "File-$n.bin" "$work/$tenant.bin"
    done
    api "$tenant" Admin -d action=protect -d title=Page-30 -d 'protections=edit=sysop' --data-urlencode "token@$work/$tenant.Admin.token" | done_right protect .protect
    for group in reader editor; do
        printf 'pass-of-%s-%s' "$group" "$tenant" > "$work/$tenant.$group.password"
        api "$tenant" Admin -d action=createaccount -d "username=The $group" --data-urlencode "password@$work/$tenant.$group.password" \
            --data-urlencode "retype@$work/$tenant.$group.password" -d "createreturnurl=https://x.example/" \
            --data-urlencode "createtoken=$(token "$tenant" Admin createaccount)" | done_right createaccount '.createaccount.status == "PASS"'
        api "$tenant" Admin -d action=userrights -d "user=The $group" -d "add=$group" --data-urlencode "token=$(token "$tenant" Admin userrights)" | done_right userrights .userrights
    done
    printf 'pass-of-rita' > "$work/$tenant.rita"
    api "$tenant" Admin -d action=createaccount -d username=Rita --data-urlencode "password@$work/$tenant.rita" --data-urlencode "retype@$work/$tenant.rita" \
        -d "createreturnurl=https://x.example/" --data-urlencode "createtoken=$(token "$tenant" Admin createaccount)" | done_right createaccount '.createaccount.status == "PASS"'
}
six_writes() { # generation, tenant
    local generation=$1 tenant=$2
    content "$tenant" "new in $generation" > "$work/$tenant.text"
    write_page "$tenant" "New-$generation" "$work/$tenant.text"
    content "$tenant" "edited in $generation" > "$work/$tenant.text"
    write_page "$tenant" Page-02 "$work/$tenant.text"
    write_page "$tenant" "Short-lived" "$work/$tenant.text"
    head -c 20000 /dev/urandom > "$work/$tenant.bin"
    write_file "$tenant" "File-$generation.bin" "$work/$tenant.bin"
    delete_page "$tenant" Short-lived
    if [ $((generation % 2)) = 1 ]; then right "$tenant" add reader; else right "$tenant" remove reader; fi
}
take() { # tag, time, tenant
    in_container $primary backup "$3" /opt/operator/backup "$1" "$2" | tail -n 1 | jq -e '.snapshot | length == 64' > /dev/null
}
take_in_mirror() { # the recovered system is protected again: backup and reading all
    in_container $mirror backup "$1" /opt/operator/backup hourly "2026-01-09 15:00:00" | tail -n 1 | jq -e .snapshot > /dev/null
    listed $mirror 8 $mirror "$1"
}
generation() { # number, tag, time
    each six_writes "$1"
    each take "$2" "$3"
    if [ "$2" = daily ]; then rm -rf "$work/daily"; cp -r "$expected" "$work/daily"; fi
}
history() {
    local day hour number=0
    for day in 1 2 3 4 5 6 7 8 9; do
        number=$((number + 1))
        generation $number daily "2026-01-0$day 00:05:00"
    done
    for hour in 08 09 10 11 12 13; do
        number=$((number + 1))
        generation $number hourly "2026-01-09 $hour:00:00"
    done
}
push() { in_container $primary backup "$1" /opt/vault/mirror $mirror 2> /dev/null | tail -n 1 | jq -e '.copied == 9' > /dev/null; }
keep() { # vault, how many go, tenant
    local mounts="-e VAULT=$1 $(secret tls/ca.pem ca.pem) $(secret "tenants/$3/restic-password" restic-password) $(secret "tenants/$3/retention-password" retention-password)"
    job $primary link "$3" /opt/vault/retention 4 7 2> /dev/null | tail -n 1 | done_right "retention $*" ".removed == $2"
}
listed() { # vault, how many, datacenter, tenant
    docker exec -e "VAULT=$1" "$(name "$3" backup "$4")" /opt/vault/snapshots 2> "$work/check.$4" | tail -n 1 |
        done_right "snapshots $*" ".readable and (.snapshots | length == $2)"
}
lose_primary() {
    docker ps -aq --filter "label=$label" --filter "label=ernstfall.datacenter=$primary" | xargs docker rm -fv > /dev/null
    docker volume ls -q --filter "label=$label" --filter "label=ernstfall.datacenter=$primary" | xargs docker volume rm > /dev/null
    docker network disconnect -f "$run-$primary" "$run-proxy"
    docker network rm "$run-$primary" > /dev/null
    for tenant in "${tenants[@]}"; do ! answers "$tenant" || fail "$tenant still answers"; done
}
start_platform() {
    for service in database search pdf cache; do up $mirror $service; done
    up_for_tenants $mirror backup
    until_true 60 in_container $mirror database "" mariadb-admin ping
}
fetch() { in_container $mirror backup "$1" /opt/operator/fetch $mirror daily 2> "$work/fetch.$1" | tail -n 1 > "$work/claim.$1"; }
load() { in_container $mirror backup "$1" /opt/operator/load > /dev/null; }
reindex() { in_container "$1" search "" /opt/operator/search/reindex > /dev/null; }
switch() { docker exec "$run-proxy" /opt/operator/proxy/switch $mirror > /dev/null; }
front_answers() { for tenant in "${tenants[@]}"; do until_true 60 answers "$tenant"; done; }

read_back() { # folder with what is expected, tenant
    local tenant=$2 seen=$work/seen.$2 title text url file next answer
    rm -rf "$seen"
    mkdir -p "$seen/"{pages,files}
    login "$tenant" Admin "$secrets/tenants/$tenant/admin-password"
    next=
    while :; do
        answer=$(api "$tenant" Admin -d action=query -d generator=allpages -d gaplimit=50 -d gapfilterredir=nonredirects -d prop=revisions -d rvprop=content -d rvslots=main \
            ${next:+-d "gapcontinue=$next"})
        while IFS=$'\t' read -r title text; do
            [ "$title" = "Main Page" ] || base64 -d <<< "$text" > "$seen/pages/$title"
        done < <(jq -r '.query.pages[] | [.title, (.revisions[0].slots.main.content | @base64)] | @tsv' <<< "$answer")
        next=$(jq -r '.continue.gapcontinue // empty' <<< "$answer")
        [ -n "$next" ] || break
    done
    while IFS=$'\t' read -r file url; do
        web "$tenant" "/${url#https://*/}" -f -b "$work/$tenant.Admin.jar" -o "$seen/files/$file"
    done < <(api "$tenant" Admin -d action=query -d list=allimages -d ailimit=500 -d aiprop=url | jq -r '.query.allimages[] | [.name, .url] | @tsv')
    diff -r "$1/$tenant" "$seen" || fail "$tenant: not what is expected"
    [ "$(find "$seen/pages" -type f | wc -l)" -gt 30 ] || fail "$tenant: looked at too little"
}
finds() { # tenant, user, term, jq condition over the titles
    api "$1" "$2" -d action=query -d list=search --data-urlencode "srsearch=$3" | done_right "search $1 $3" "[.query.search[].title] | $4"
}
refused() { # tenant, user, curl options...: the answer is an error
    api "$@" | done_right "must be refused: $*" '.error.code'
}
surfaces() { # search, PDF, roles and isolation of one tenant
    local tenant=$1 other=acme term group
    [ "$tenant" != acme ] || other=globex
    for group in reader editor; do login "$tenant" "The $group" "$work/$tenant.$group.password"; done
    term=$(grep -o 'EF[A-Z2-7]\{26\}' "$work/daily/$tenant/pages/Page-02")
    finds "$tenant" "The reader" "$term" '. == ["Page-02"]'
    finds "$tenant" "The reader" "$(tr A-Z a-z <<< "$term")" '. == ["Page-02"]'
    finds "$tenant" "The reader" lighthouse '. == ["Decoy"]'
    finds "$tenant" "The reader" "$(grep -o 'EF[A-Z2-7]\{26\}' "$work/daily/$other/pages/Page-02")" '. == []'
    # Roles. A private wiki's API answers 200 to a stranger: look inside.
    refused "$tenant" stranger -d action=query -d titles=Page-02 -d prop=revisions -d rvprop=content
    refused "$tenant" stranger -d action=query -d list=search -d srsearch=lighthouse
    refused "$tenant" "The reader" -d action=edit -d title=Page-03 -d text=x --data-urlencode "token@$work/$tenant.The reader.token"
    refused "$tenant" "The editor" -d action=edit -d title=Page-30 -d text=x --data-urlencode "token@$work/$tenant.The editor.token"
    api "$tenant" "The editor" -d action=edit -d title=Sandbox -d text=x --data-urlencode "token@$work/$tenant.The editor.token" | done_right "editor edits" '.edit.result == "Success"'
    api "$tenant" Admin -d action=delete -d title=Sandbox --data-urlencode "token@$work/$tenant.Admin.token" | done_right "delete" .delete
    ! web "$tenant" "/index.php?title=Page-02" | grep -q "$term" || fail "$tenant: a stranger reads a page"
    local path
    path=$(api "$tenant" Admin -d action=query -d list=allimages -d ailimit=1 -d aiprop=url | jq -r '.query.allimages[0].url' | sed 's|https://[^/]*||')
    status "$tenant" "$path" 403
    status "$tenant" "${path/img_auth.php/images}" 403
    status "$tenant" "/includes/WebStart.php" 403
    status "$tenant" "/pdf?page=Page-02" 403
    # Another tenant's session is nobody here.
    status "$tenant" "/pdf?page=Page-02" 403 -b "$work/$other.Admin.jar"
    web "$tenant" "/pdf?page=Page-02" -f -b "$work/$tenant.The reader.jar" -o "$work/$tenant.pdf"
    head -c 5 "$work/$tenant.pdf" | grep -q '%PDF-' || fail "$tenant: not a PDF"
    status "$tenant" "/pdf?page=Page-02" 421 -H "Host: nobody.$domain"
}
status() { # tenant, path, expected code, curl options...
    local tenant=$1 path=$2 code=$3 seen
    shift 3
    seen=$(web "$tenant" "$path" -o /dev/null -w '%{http_code}' "$@")
    [ "$seen" = "$code" ] || fail "$tenant $path: $seen instead of $code"
}
vault_trials() { # what a tenant's credentials must not do
    local tenant=acme other=globex at=https://vault.$mirror:8000 id
    curl_in() { docker exec "$(name $primary backup $tenant)" sh -c "printf 'user = \"$tenant:%s\"\n' \"\$(cat /run/secrets/vault-password)\" | curl -s -o /dev/null -w '%{http_code}' -K - --cacert /run/secrets/ca.pem $*"; }
    [ "$(curl_in $at/$tenant/config)" = 200 ] || fail "its own repository is closed to $tenant"
    [ "$(curl_in $at/$other/config)" = 403 ] || fail "$other's repository is open to $tenant"
    [ "$(curl_in -X DELETE $at/$tenant/config)" = 403 ] || fail "append-only deletes"
    [ "$(curl_in -X POST --data-binary x $at/$tenant/config)" = 403 ] || fail "append-only overwrites"
    [ "$(curl_in https://vault.$mirror:8001/$tenant/config)" = 401 ] || fail "the retention door opens to the backup job"
    local mounts="-e KEY_OF=$other $(secret tls/ca.pem ca.pem) $(secret tenants/$tenant/vault-password vault-password) $(secret keyring keyring)"
    job $primary link $tenant /opt/vault/key-trial | done_right "key trial" '.opened == false'
    ! in_container $primary backup $tenant /opt/operator/fetch $primary nonsense 2> /dev/null || fail "fetched what is not there"
    ! docker exec "$(name $primary backup $tenant)" bash -c '. /opt/vault/restic.sh; store hourly "2026-01-09 14:00:00" /nowhere' 2> /dev/null ||
        fail "a missing path was backed up"
    # No canary, no key, in what the vaults hold.
    for dc in $primary $mirror; do
        ! docker exec "$(name $dc vault)" grep -rqF -e lighthouse -e "$(cat "$secrets/tenants/acme/restic-password")" /srv/vault || fail "vault.$dc holds plain text"
    done
}
restart_all() {
    docker ps -q --filter "label=$label" | xargs docker restart -t 5 > /dev/null
    port=$(front_port)
    front_answers
}

whole=$(now)
phase "start" start
phase "install wikis" each install_wiki
phase "init repositories, vault and mirror" each init_vault
phase "baseline: 30 pages, 5 uploads a tenant" each first_corpus
phase "history: 15 generations, 6 writes a tenant" history
phase "mirror" each push
phase "retention, vault" each keep $primary 4
phase "retention, mirror" each keep $mirror 2
phase "list and read all, vault" each listed $primary 11 $primary
phase "list and read all, mirror" each listed $mirror 7 $primary
phase "reindex" reindex $primary
phase "vaults: what must be refused" vault_trials
phase "read back before the loss" each read_back "$expected"
lost=$(now)
phase "loss of $primary" lose_primary
phase "  platform in $mirror" start_platform
phase "  provision" each provision $mirror
phase "  fetch" each fetch
phase "  load" each load
phase "  wikis" up_for_tenants $mirror wiki-web wiki-task
phase "  reindex" reindex $mirror
phase "  switch" switch
phase "  front answers" front_answers
printf '%8.2f  %s\n' "$(bc -l <<< "$(now) - $lost")" "RECOVERED, from the loss"
phase "read back all pages and files" each read_back "$work/daily"
phase "search, PDF, roles, isolation" each surfaces
phase "restart of everything" restart_all
phase "read back again" each read_back "$work/daily"
phase "next hourly, in $mirror" each take_in_mirror
phase "teardown" remove_all
printf '%8.2f  %s\n' "$(bc -l <<< "$(now) - $whole")" "whole"
