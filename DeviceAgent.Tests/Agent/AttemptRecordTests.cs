using DeviceAgent.Agent;
using DeviceAgent.Identity;
using DeviceAgent.Tests.Fakes;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Agent
{
    [TestClass]
    public class AttemptRecordTests
    {
        private const int Hour = 60 * 60 * 1000;
        private const int Day = 24 * Hour;

        [TestMethod]
        public void WhatIsRememberedComesBack()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            attempts.Doublings[AttemptRecord.Connecting] = 4;
            attempts.Doublings[AttemptRecord.Refused] = 11;
            attempts.Doublings[AttemptRecord.Replacing] = 3; // so short a pause is not remembered
            attempts.Doublings[AttemptRecord.Starting] = 1;
            attempts.HoursRefused = 7;
            attempts.Unwanted = "id-1";
            attempts.CommandId = "c-1";
            attempts.IsRotation = true;
            attempts.RotationGivenUpAt = 29761920;
            Assert.IsNull(attempts.CountRequest());
            attempts = Boot(device);
            Assert.AreEqual(4, attempts.Doublings[AttemptRecord.Connecting]);
            Assert.AreEqual(11, attempts.Doublings[AttemptRecord.Refused]);
            Assert.AreEqual(0, attempts.Doublings[AttemptRecord.Replacing]);
            Assert.AreEqual(1, attempts.Doublings[AttemptRecord.Starting]);
            Assert.AreEqual(7, attempts.HoursRefused);
            Assert.AreEqual("id-1", attempts.Unwanted);
            Assert.AreEqual("c-1", attempts.CommandId);
            Assert.IsTrue(attempts.IsRotation);
            Assert.AreEqual(29761920, attempts.RotationGivenUpAt);
            Assert.AreEqual(Day, attempts.UntilAllowed(1));
            Assert.AreEqual(1, device.Storage.Writes);
        }

        [TestMethod]
        public void RequestsCountForADayOfRunning()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            for (int i = 0; i < 3; i++)
            {
                Assert.AreEqual(0, attempts.UntilAllowed(3));
                Assert.IsNull(attempts.CountRequest());
                device.Clock.Pass(Hour);
            }

            Assert.AreEqual(Day - (3 * Hour), attempts.UntilAllowed(3));
            Assert.AreEqual(Day - (2 * Hour), attempts.UntilAllowed(2), "where fewer are allowed the second has to go too");
            Assert.AreEqual(0, attempts.UntilAllowed(4));

            // What passes between the last write and the loss of power counts as none
            device.Clock.Pass(Hour / 2);
            attempts = Boot(device);
            Assert.AreEqual(Day - (3 * Hour), attempts.UntilAllowed(3));
            device.Clock.UtcNow = new System.DateTime(2036, 1, 1); // so does a clock that jumps
            Assert.AreEqual(Day - (3 * Hour), attempts.UntilAllowed(3));
            device.Clock.Pass(Day - (3 * Hour) - 1000);
            Assert.AreEqual(1000, attempts.UntilAllowed(3));
            device.Clock.Pass(1000);
            Assert.AreEqual(0, attempts.UntilAllowed(3));
            Assert.IsNull(attempts.CountRequest());
            Assert.AreEqual(Hour, attempts.UntilAllowed(3));
        }

        [TestMethod]
        public void WhileTheDaysRequestsAreUsedUpTheirAgesAreWrittenOnceAnHour()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            attempts.CountRequest();
            for (int minute = 0; minute < 10 * 60; minute++)
            {
                Assert.IsTrue(attempts.UntilAllowed(1) > 0);
                device.Clock.Pass(60 * 1000);
            }

            Assert.AreEqual(10, device.Storage.Writes);
            attempts = Boot(device);
            Assert.AreEqual(Day - (9 * Hour), attempts.UntilAllowed(1));
        }

        [TestMethod]
        public void TwentyRequestsCanBeCounted()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            for (int i = 0; i < 20; i++)
            {
                Assert.AreEqual(0, attempts.UntilAllowed(20));
                Assert.IsNull(attempts.CountRequest());
            }

            Assert.AreEqual(Day, Boot(device).UntilAllowed(20));
            Assert.IsNotNull(attempts.CountRequest());
        }

        [TestMethod]
        public void ARequestThatIsTakenBackCountsNoMoreAndTheNextOneCostsNoWrite()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            for (int i = 0; i < 10; i++)
            {
                Assert.AreEqual(0, attempts.UntilAllowed(1));
                Assert.IsNull(attempts.CountRequest());
                device.Clock.Pass(Hour);
                Assert.AreEqual(Day, Read(device).UntilAllowed(1), "nobody knows whether it was answered");
                attempts.TakeBack();
            }

            Assert.AreEqual(1, device.Storage.Writes);
            Assert.AreEqual(0, attempts.UntilAllowed(1));

            // What is written for another reason counts it no more, and so it is written again
            attempts.Save();
            attempts.CountRequest();
            Assert.AreEqual(3, device.Storage.Writes);
            Assert.AreEqual(Day, Boot(device).UntilAllowed(1));
        }

        [TestMethod]
        public void ARequestThatCannotBeCountedDurablyIsNotAllowedAndNotCounted()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            device.Storage.FailAt = 1;
            device.Storage.CorruptAt = 2;
            Assert.Contains("attempts.0 cannot be written", attempts.CountRequest());
            Assert.Contains("attempts.0 does not read back", attempts.CountRequest());
            Assert.AreEqual(0, attempts.UntilAllowed(1));
            Assert.IsNull(attempts.CountRequest());
            Assert.AreEqual(Day, Boot(device).UntilAllowed(1));
        }

        [TestMethod]
        public void APowerCutInAWriteLeavesWhatWasRememberedBefore()
        {
            for (int bytes = MemoryStorage.Before; bytes < 70; bytes++)
            {
                FakeParts device = new FakeParts();
                AttemptRecord attempts = Boot(device);
                attempts.CountRequest();
                device.Storage.CutAt = 2;
                device.Storage.CutBytes = bytes;
                Assert.ThrowsException(typeof(PowerCutException), () => attempts.CountRequest());
                device.Storage.PowerOff();
                attempts = Boot(device);
                bool isWhole = bytes >= 55;
                Assert.AreEqual(Day, attempts.UntilAllowed(1), bytes.ToString());
                Assert.AreEqual(isWhole ? Day : 0, attempts.UntilAllowed(2), bytes.ToString());
            }
        }

        [TestMethod]
        public void WhatCannotBeReadIsNothing()
        {
            FakeParts device = new FakeParts();
            Boot(device).CountRequest();
            device.Storage.Flip("attempts.0", 200);
            Assert.AreEqual(0, Boot(device).UntilAllowed(1));

            // Whole, but with numbers that nobody has written
            byte[] numbers = new byte[] { 255, 255, 255, 127, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127, 0, 0, 0, 128, 9 };
            device.Storage.Put("attempts.0", Record.Create("DAA1", 1, new byte[][] { numbers, new byte[0], new byte[0] }));
            AttemptRecord attempts = Boot(device);
            Backoff backoff = new Backoff(device.Board, attempts);
            Assert.AreEqual(Backoff.Longest, backoff.Bound(AttemptRecord.Connecting));
            Assert.AreEqual(Backoff.FirstBound, backoff.Bound(AttemptRecord.Refused));
            Assert.AreEqual(0, attempts.HoursRefused);
            Assert.AreEqual(Day, attempts.UntilAllowed(1));
            device.Storage.Put("attempts.0", Record.Create("DAA1", 1, new byte[][] { new byte[0], new byte[0], new byte[0] }));
            Assert.AreEqual(0, Boot(device).UntilAllowed(1));
        }

        [TestMethod]
        public void ARecordFromBeforeThereWereRotationsIsRead()
        {
            FakeParts device = new FakeParts();
            byte[] numbers = new byte[6 * 4];
            Record.PutInt(numbers, 5 * 4, 3600);
            device.Storage.Put("attempts.0", Record.Create("DAA1", 7, new byte[][] { numbers, new byte[] { (byte)'i' }, new byte[] { (byte)'c' } }));
            AttemptRecord attempts = Boot(device);
            Assert.AreEqual("i", attempts.Unwanted);
            Assert.AreEqual("c", attempts.CommandId);
            Assert.IsFalse(attempts.IsRotation);
            Assert.AreEqual(0, attempts.RotationGivenUpAt);
            Assert.AreEqual(Day - Hour, attempts.UntilAllowed(1));
        }

        [TestMethod]
        public void AGrownPauseIsWrittenAtEachStepFrom32SecondsAndOnceWhenThingsWorkAgain()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            Backoff backoff = new Backoff(device.Board, attempts);
            for (int i = 0; i < 30; i++)
            {
                backoff.Next(AttemptRecord.Connecting);
                backoff.Next(AttemptRecord.Refused);
            }

            Assert.AreEqual(6 + 8, device.Storage.Writes);
            Assert.AreEqual(Backoff.LongestRefused, new Backoff(device.Board, Boot(device)).Bound(AttemptRecord.Refused));
            for (int i = 0; i < 3; i++)
            {
                attempts.Worked();
            }

            Assert.AreEqual(15, device.Storage.Writes);
            Assert.AreEqual(Backoff.FirstBound, new Backoff(device.Board, Boot(device)).Bound(AttemptRecord.Refused));

            // A connection that comes and goes wears no flash: not before an hour is over
            for (int minute = 0; minute < 59; minute++)
            {
                for (int i = 0; i < 8; i++)
                {
                    backoff.Next(AttemptRecord.Connecting);
                }

                attempts.Worked();
                device.Clock.Pass(60 * 1000);
            }

            Assert.AreEqual(15, device.Storage.Writes);
            device.Clock.Pass(60 * 1000);
            for (int i = 0; i < 30; i++)
            {
                backoff.Next(AttemptRecord.Connecting);
            }

            Assert.AreEqual(21, device.Storage.Writes);
        }

        [TestMethod]
        public void AnUnexpectedEndIsForgottenAfterAnHour()
        {
            FakeParts device = new FakeParts();
            AttemptRecord attempts = Boot(device);
            new Backoff(device.Board, attempts).Grow(AttemptRecord.Starting);
            attempts = Boot(device);
            attempts.Worked();
            Assert.AreEqual(1, attempts.Doublings[AttemptRecord.Starting]);
            device.Clock.Pass(Hour);
            attempts.Worked();
            Assert.AreEqual(0, Boot(device).Doublings[AttemptRecord.Starting]);
            Assert.AreEqual(2, device.Storage.Writes);
        }

        private static AttemptRecord Boot(FakeParts device)
        {
            device.Clock.Boot();
            return Read(device);
        }

        private static AttemptRecord Read(FakeParts device)
        {
            AttemptRecord attempts = new AttemptRecord(device.Storage, device.Clock);
            attempts.Load();
            return attempts;
        }
    }
}
