@echo off
rem Runs the ayni command from a clone, building it first when a source file is newer than the last build.
setlocal
set "root=%~dp0"
where dotnet >nul 2>nul || (echo ayni: the .NET 10 SDK is needed: https://dot.net 1>&2 & exit /b 1)
rem An up-to-date build takes dotnet a few seconds to notice; cmd alone cannot compare file times.
dotnet build "%root%src\Ayni.Cli\Ayni.Cli.csproj" --configuration Release --nologo --verbosity quiet 1>&2 || exit /b 1
dotnet "%root%src\Ayni.Cli\bin\Release\net10.0\ayni.dll" %*
exit /b %errorlevel%
